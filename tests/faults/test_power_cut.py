"""The power is cut under load: what was not synced is gone, and nothing of it was promised."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from beliefgrid.storage import migrate
from tests.faults.disks import LoopDisk, loop_disk
from tests.faults.invariants import require_whole
from tests.faults.load import Ledger, Load, create
from tests.support import postgres, sqlite
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

UNSYNCED = "never promised"


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest) -> Iterator[LoopDisk]:
    """A disk whose power can be cut; where that is not possible the test is skipped loudly."""
    with tempfile.TemporaryDirectory(prefix="beliefgrid-cut-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres's own user must get there
        with loop_disk(folder, request.param) as found:
            yield found


def cut_under_load(disk: LoopDisk, load: Load, folder: Path, url: str) -> None:
    """Serve and work for a moment, then cut the power and kill the server."""
    with running_server(folder, url) as server:
        load.urls = [server.url]
        load.study = load.study or create(server.url)
        load.is_over.clear()
        load.is_gone = False
        load.start(8)
        try:
            enough = len(load.ledger.told) + 50
            wait_until(lambda: len(load.ledger.told) > enough)
            (disk.path / "unsynced").write_text(UNSYNCED)
            # All stops in one moment: a kernel that goes on tells some syncs that are under way
            # when the file system is shut down that they were done.
            server.process.send_signal(signal.SIGSTOP)
            disk.cut_power()
            load.abandon()
            server.kill()
        finally:
            load.stop()


def require_cut(disk: LoopDisk) -> None:
    """Fail if what was not synced is still there: then no power was cut."""
    unsynced = disk.path / "unsynced"
    if unsynced.exists():  # its length may be known without its content, which is zeros then
        assert unsynced.read_text() != UNSYNCED


def test_a_power_cut_on_sqlite_breaks_no_promise(
    disk: LoopDisk,
    sqlite_template: Path,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1, I2, I7: 0 of the acknowledged results are lost."""
    cuts = rounds(2, 50)
    url = sqlite.copy_template(sqlite_template, disk.path)
    os.sync()
    load = Load([], "")
    for _ in range(cuts):
        cut_under_load(disk, load, tmp_path, url)
        disk.unmount()
        disk.mount()
        require_cut(disk)
        require_whole(url, load.ledger, load.study)
    report(say, cuts, load.ledger)


def test_a_power_cut_on_postgres_breaks_no_promise(
    disk: LoopDisk,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1, I2, I7: 0 of the acknowledged results are lost."""
    cuts = rounds(1, 20)
    home = disk.path / "pg"
    home.mkdir()
    home.chmod(0o755)
    postmaster = postgres.Postmaster(home, ())
    os.sync()
    load = Load([], "")
    url = postmaster.url.render_as_string()
    with ExitStack() as running:
        for cut in range(cuts):
            postmaster.start()
            stop = running.enter_context(ExitStack())
            stop.callback(postmaster.stop, signal.SIGQUIT)
            if cut == 0:
                migrate.upgrade(url)
            cut_under_load(disk, load, tmp_path, url)
            stop.close()
            disk.unmount()
            disk.mount()
            require_cut(disk)
            postmaster.start()
            require_whole(url, load.ledger, load.study)
            postmaster.stop()
    report(say, cuts, load.ledger)


def report(say: Callable[..., None], cuts: int, ledger: Ledger) -> None:
    """Put the figures into the report; nothing but success and 503 was answered."""
    statuses = dict(ledger.statuses)
    say(cuts=cuts, acknowledged=len(ledger.told), lost=0, double=0, statuses=statuses)
    assert not ledger.refusals, ledger.refusals[:3]
