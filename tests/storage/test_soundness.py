"""A SQLite file is looked at before it is served."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from beliefgrid.cli.ending import NO_DATABASE
from beliefgrid.storage import soundness
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.errors import DamagedError
from beliefgrid.storage.soundness import network_file_system, require_sound
from tests.faults.load import create
from tests.faults.processes import beliefgrid
from tests.support.server import running_server

MOUNTED = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt rw shared:2 - nfs4 server:/export rw
31 30 8:2 / /mnt/local\\040disk rw - xfs /dev/sdb1 rw
32 22 0:41 / /home rw - fuse.sshfs me@host:/home rw
"""


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of file systems to read in place of the machine's own."""
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTED)
    monkeypatch.setattr(soundness, "MOUNTS", path)
    return path


@pytest.fixture
def damaged(sqlite_url: str) -> str:
    """A database with nonsense in the middle of its file."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        c.execute("PRAGMA journal_mode=DELETE")
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\xa5" * 512)
    return sqlite_url


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/beliefgrid.db", "nfs4"),
        ("/mnt/deeper/beliefgrid.db", "nfs4"),
        ("/home/me/beliefgrid.db", "fuse.sshfs"),
        ("/mnt/local disk/beliefgrid.db", None),
        ("/mntx/beliefgrid.db", None),
        ("/var/beliefgrid.db", None),
    ],
)
@pytest.mark.usefixtures("mounts")
def test_a_network_file_system_is_known_by_its_mount(path: str, kind: str | None) -> None:
    """The innermost mount counts."""
    assert network_file_system(Path(path)) == kind


def test_a_file_on_a_network_is_served_with_a_warning(
    mounts: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It may work for one process, and may not; the person is told."""
    mounts.write_text("22 1 0:40 / / rw - cifs //server/share rw\n")

    with caplog.at_level(logging.WARNING):
        open_database(sqlite_url).close()

    assert "network file system (cifs)" in caplog.text


@pytest.mark.usefixtures("mounts")
def test_without_a_list_of_mounts_nothing_is_said(mounts: Path) -> None:
    """As on macOS."""
    mounts.unlink()

    assert network_file_system(Path("/mnt/beliefgrid.db")) is None


def test_a_damaged_file_is_not_served(damaged: str, tmp_path: Path) -> None:
    """The server says in one sentence what is wrong and what helps, and leaves the file alone."""
    path = Path(damaged.removeprefix("sqlite:///"))
    before = path.read_bytes()

    done = beliefgrid(tmp_path, damaged, "serve", "--port", "0")

    assert done.returncode == NO_DATABASE
    assert "is damaged" in done.stderr
    assert "beliefgrid restore" in done.stderr
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """And its lock is given back."""
    path = tmp_path / "text.db"
    path.write_text("not a database at all, but long enough to look at" * 100)

    for _ in range(2):
        with pytest.raises(DamagedError, match="not a database"):
            open_database(f"sqlite:///{path}")


def test_a_large_file_is_looked_at_only_after_a_cut(
    damaged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was closed in good order is believed; a log that is left says that it was not."""
    path = Path(damaged.removeprefix("sqlite:///"))
    monkeypatch.setattr(soundness, "SMALL", 1)

    require_sound(path)
    Path(f"{path}-wal").write_bytes(b"left behind")

    with pytest.raises(DamagedError):
        require_sound(path)


def test_a_check_that_takes_too_long_is_left(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A start is not held up by the size of a file."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE filler AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                  "SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n")  # fmt: skip
        c.commit()
    monkeypatch.setattr(soundness, "CHECK_S", 0.0)

    with caplog.at_level(logging.INFO):
        require_sound(path)

    assert "not looked at to its end" in caplog.text


def test_only_a_server_that_was_killed_leaves_its_log(sqlite_url: str, tmp_path: Path) -> None:
    """The file that a killed one left is looked at, and sound."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    log = Path(f"{path}-wal")
    with running_server(tmp_path, sqlite_url) as server:
        create(server.url)
        server.kill()
    assert log.stat().st_size > 0
    require_sound(path)
    with running_server(tmp_path, sqlite_url) as server:
        create(server.url)

    assert not log.exists() or log.stat().st_size == 0
