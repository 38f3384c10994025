"""The file with the service's own secret is whole, or not there."""

import errno
import os
import stat
from pathlib import Path

import pytest

from beliefgrid.storage.errors import StorageFullError, StorageUnavailableError
from beliefgrid.storage.key_file import read_or_make


def test_it_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    """Long enough that nobody guesses it."""
    path = tmp_path / "beliefgrid.db.key"

    first, again = read_or_make(path), read_or_make(path)

    assert first == again
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_two_files_hold_different_secrets(tmp_path: Path) -> None:
    """Each service has its own."""
    assert read_or_make(tmp_path / "a") != read_or_make(tmp_path / "b")


def test_a_full_disk_leaves_no_empty_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file would be read as a key that everybody knows."""
    path = tmp_path / "key"

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as now:
        now.setattr(os, "fsync", full)
        with pytest.raises(StorageFullError):
            read_or_make(path)
    assert not path.exists()

    assert len(read_or_make(path)) >= 32


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """As trouble with the storage, which is answered with 503."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnavailableError, match="cannot use"):
        read_or_make(tmp_path / "file" / "key")
    with pytest.raises(StorageUnavailableError, match="at least 32"):
        read_or_make(tmp_path / "file")
