"""The disk fills up under load: writes are refused, all else goes on, and it recovers by itself."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.engine import make_url

from beliefgrid.cli.ending import NO_DATABASE
from beliefgrid.storage import migrate
from beliefgrid.storage.backup import back_up
from beliefgrid.storage.errors import StorageFullError
from tests.faults.disks import small_disk
from tests.faults.invariants import broken, engine_on, require_whole
from tests.faults.load import Connection, Ledger, Load, call, create
from tests.faults.patience import first_success, patience
from tests.faults.processes import beliefgrid
from tests.support import sqlite
from tests.support.server import Server, running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

RECOVERY_S = 5.0
SIZE = 256 * 2**20  # what a fast machine writes in all rounds leaves most of it free


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk; where none can be mounted the test is skipped loudly."""
    with small_disk(tmp_path / "disk", SIZE) as folder:
        yield folder


@pytest.mark.parametrize("log_is_held", [True, False], ids=["its log cannot begin anew", "bare"])
def test_a_full_disk_refuses_writes_and_nothing_else(
    sqlite_template: Path,
    disk: Path,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
    *,
    log_is_held: bool,
) -> None:
    """I1, I9: 503 storage_full with a time to come back; reads and health go on; 0 lost.

    While a reader holds the log (the WAL), nothing can be written at all; without one SQLite
    writes over the log's beginning for as long as the file itself has room.
    """
    url = sqlite.copy_template(sqlite_template, disk)
    recoveries = []
    with running_server(tmp_path, url, BELIEFGRID_LEAST_FREE_BYTES="0") as server:
        load = Load([server.url], create(server.url))
        with load.running(8) as ledger:
            for _ in range(rounds(2, 10)):
                first_success(ledger, time.monotonic())
                time.sleep(1)
                with held_log(url, is_held=log_is_held):
                    ballast = fill(disk)
                    wait_until(lambda: ledger.statuses["503 storage_full"] > 0)
                    look_around(server, load, is_firm=log_is_held)
                    assert server.process.poll() is None
                    ledger.statuses["503 storage_full"] = 0
                    freed = time.monotonic()
                    ballast.unlink()
                    recoveries.append(first_success(ledger, freed))
                wait_until(lambda: status_of(server, "/readyz") == 200)
    require_whole(url, ledger, load.study)
    say(
        times=len(recoveries), acknowledged=len(ledger.told), lost=0, double=0,
        recovery_max_s=f"{max(recoveries):.2f}", statuses=dict(ledger.statuses),
    )  # fmt: skip
    require_only_full(ledger)
    assert max(recoveries) < patience(RECOVERY_S)


def test_a_start_on_a_full_disk_waits_for_room(
    sqlite_template: Path, disk: Path, tmp_path: Path
) -> None:
    """I9: after a kill, too: reads are answered, and with room it is ready without a restart."""
    url = sqlite.copy_template(sqlite_template, disk)
    with running_server(tmp_path, url, BELIEFGRID_LEAST_FREE_BYTES="0") as server:
        study = create(server.url)
        server.kill()
    ballast = fill(disk)
    with running_server(tmp_path, url, until="/healthz", BELIEFGRID_LEAST_FREE_BYTES="0") as server:
        wait_until(lambda: status_of(server, "/readyz") == 503)
        assert call(server.url, "GET", f"/studies/{study}")["id"] == study
        ballast.unlink()
        wait_until(lambda: status_of(server, "/readyz") == 200)
        call(server.url, "POST", f"/studies/{study}/suggestions", {"worker": "w"})
    require_whole(url)


def test_a_backup_that_finds_no_room_leaves_nothing(
    sqlite_template: Path, disk: Path, tmp_path: Path
) -> None:
    """It says so in one sentence; the database goes on, and the half copy is gone."""
    url = sqlite.copy_template(sqlite_template, tmp_path)
    fill(disk)
    with running_server(tmp_path, url) as server:
        with pytest.raises(StorageFullError, match="no room"):
            back_up(url, disk / "copy.db")
        create(server.url)

    assert [path.name for path in disk.iterdir()] == ["ballast"]


def test_a_migration_that_finds_no_room_is_done_later(disk: Path, tmp_path: Path) -> None:
    """Nothing of it stays by half: with room it goes through, and what was there is there."""
    url = f"sqlite:///{disk / 'beliefgrid.db'}"
    command.upgrade(migrate.configuration(url), "0001")
    with engine_on(url).begin() as c:
        c.execute(text("INSERT INTO tokens (id, name, sha256, scopes, created_at) VALUES "
                       "('a', 'kept', 'b', '[]', '2026-01-01')"))  # fmt: skip
    ballast = fill(disk)
    for _ in range(2):
        done = beliefgrid(tmp_path, url, "migrate")
        assert done.returncode == NO_DATABASE, done
        assert "no room" in done.stderr
    ballast.unlink()

    done = beliefgrid(tmp_path, url, "migrate")

    assert done.returncode == 0, done.stderr
    with engine_on(url).connect() as c:
        assert c.execute(text("SELECT name FROM tokens")).scalars().all() == ["kept"]
        assert not list(broken(c))


# ---------------------------------------------------------------- what is done and looked at
@contextmanager
def held_log(url: str, *, is_held: bool) -> Iterator[None]:
    """Read and do not end, so that the log cannot begin anew."""
    path = str(make_url(url).database)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        if is_held:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM studies").fetchone()
        yield


def require_only_full(ledger: Ledger) -> None:
    """Fail if anything but success and a full disk, with a time to come back, was answered."""
    assert not ledger.refusals, ledger.refusals[:3]
    assert not ledger.hints[False], "a 503 did not say when to come back"
    assert not [s for s in ledger.statuses if s.startswith("5") and s != "503 storage_full"]


def fill(folder: Path) -> Path:
    """Take all the room that is left, to the last byte."""
    path = folder / "ballast"
    with path.open("wb") as ballast:
        for size in (2**20, 4096, 1):
            block = bytes(size)
            try:
                while True:
                    os.write(ballast.fileno(), block)
            except OSError:
                continue
    return path


def look_around(server: Server, load: Load, *, is_firm: bool) -> None:
    """See what works while there is no room, for two seconds; readiness tells the truth."""
    wait_until(lambda: status_of(server, "/readyz") == 503, patience_s=patience(5))
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert status_of(server, "/healthz") == 200
        moment = time.monotonic()
        if status_of(server, "/readyz") == 200:
            assert not is_firm
            first_success(load.ledger, moment)
        assert call(server.url, "GET", f"/studies/{load.study}")["id"] == load.study
        assert call(server.url, "GET", f"/studies/{load.study}/trials?limit=5")["items"]
        time.sleep(0.2)


def status_of(server: Server, path: str) -> int:
    """Return the status of a resource outside the API."""
    connection = Connection([server.url], None)
    status, _ = connection.send("GET", path, None, "")
    connection.close()
    return status
