"""A backup is made while the service works, and put back when it does not."""

from pathlib import Path

import httpx2
import pytest

from beliefgrid.actions import read
from beliefgrid.offline import Offline
from beliefgrid.storage.backup import back_up, restore
from beliefgrid.storage.errors import DatabaseInUseError, StorageError
from tests.api.support import STUDY
from tests.support.server import Server, running_server


def names(url: str) -> list[str]:
    """Return the names of the studies in a database that nobody serves."""
    work = Offline(url)
    found = [study.name for study in work.read(read.studies).items]
    work.close()
    return sorted(found)


def create(server: Server, name: str) -> None:
    """Create a study on a running server."""
    body = STUDY | {"name": name}
    httpx2.post(f"{server.url}/api/v1/studies", json=body, timeout=20).raise_for_status()


def test_what_was_there_at_the_backup_is_there_after_the_restore(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Round trip: what came later is gone, and lies beside it; the server starts on it."""
    copy = tmp_path / "copy.db"
    with running_server(tmp_path, sqlite_url) as server:
        create(server, "before")
        back_up(sqlite_url, copy)
        create(server, "after")
        with pytest.raises(DatabaseInUseError):
            restore(sqlite_url, copy, replace=True)
    size = restore(sqlite_url, copy, replace=True)
    with running_server(tmp_path, sqlite_url) as server:
        create(server, "later")

    assert size == copy.stat().st_size
    assert names(sqlite_url) == ["before", "later"]
    assert names(sqlite_url + ".replaced") == ["after", "before"]


def test_a_database_is_not_replaced_by_accident(sqlite_url: str, tmp_path: Path) -> None:
    """Only with --replace, and only by a database of ours."""
    copy, nonsense, other = tmp_path / "copy.db", tmp_path / "text.txt", tmp_path / "empty.db"
    back_up(sqlite_url, copy)
    nonsense.write_text("not a database at all, but long enough to look at")
    other.touch()

    with pytest.raises(StorageError, match="--replace"):
        restore(sqlite_url, copy)
    for wrong in (nonsense, other):
        with pytest.raises(StorageError, match="no backup of ours"):
            restore(sqlite_url, wrong, replace=True)
    with pytest.raises(StorageError, match="not there"):
        restore(sqlite_url, tmp_path / "gone.db", replace=True)

    assert names(sqlite_url) == []


def test_postgres_has_tools_of_its_own(tmp_path: Path) -> None:
    """The message names them."""
    with pytest.raises(StorageError, match="pg_dump"):
        back_up("postgresql://host/name", tmp_path / "copy.db")
    with pytest.raises(StorageError, match="pg_restore"):
        restore("postgresql://host/name", tmp_path / "copy.db")
