"""The disk fills up under load: writes are refused, all else goes on, and it recovers by itself."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.disks import small_disk
from tests.faults.invariants import require_whole
from tests.faults.load import Connection, Load, call, create
from tests.faults.patience import first_success, patience
from tests.support import sqlite
from tests.support.server import Server, running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

RECOVERY_S = 5.0
SIZE = 32 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes; where none can be mounted the test is skipped loudly."""
    with small_disk(tmp_path / "disk", SIZE) as folder:
        yield folder


def test_a_full_disk_refuses_writes_and_nothing_else(
    sqlite_template: Path,
    disk: Path,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1, I9: 503 storage_full with a time to come back; reads and health go on; 0 lost."""
    url = sqlite.copy_template(sqlite_template, disk)
    recoveries = []
    with running_server(tmp_path, url, BELIEFGRID_LEAST_FREE_BYTES="0") as server:
        load = Load([server.url], create(server.url))
        with load.running(8) as ledger:
            for _ in range(rounds(2, 10)):
                first_success(ledger, time.monotonic())
                time.sleep(1)
                ballast = fill(disk)
                wait_until(lambda: ledger.statuses["503 storage_full"] > 0)
                look_around(server, load.study)
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
    assert not ledger.refusals, ledger.refusals[:3]
    assert not ledger.hints[False], "a 503 did not say when to come back"
    assert not [s for s in ledger.statuses if s.startswith("5") and s != "503 storage_full"]
    assert max(recoveries) < patience(RECOVERY_S)


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


def look_around(server: Server, study: str) -> None:
    """See what works while no write does, for two seconds."""
    wait_until(lambda: status_of(server, "/readyz") == 503, patience_s=5)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert status_of(server, "/healthz") == 200
        assert status_of(server, "/readyz") == 503
        assert call(server.url, "GET", f"/studies/{study}")["id"] == study
        assert call(server.url, "GET", f"/studies/{study}/trials?limit=5")["items"]
        time.sleep(0.2)


def status_of(server: Server, path: str) -> int:
    """Return the status of a resource outside the API."""
    connection = Connection([server.url], None)
    status, _ = connection.send("GET", path, None, "")
    connection.close()
    return status
