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


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest) -> Iterator[LoopDisk]:
    """A disk whose power can be cut; where that is not possible the test is skipped loudly."""
    with tempfile.TemporaryDirectory(prefix="beliefgrid-cut-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres's own user must get there
        with loop_disk(folder, request.param) as found:
            yield found


def cut_under_load(disk: LoopDisk, load: Load, folder: Path, url: str) -> str:
    """Serve and work for a moment, then cut the power and kill the server.

    Returns what was written into the file `unsynced` just before, and not synced.
    """
    unsynced = f"never promised after {len(load.ledger.told)} results"
    with running_server(folder, url) as server:
        load.urls = [server.url]
        load.study = load.study or create(server.url)
        load.is_over.clear()
        load.is_gone = False
        load.start(8)
        try:
            enough = len(load.ledger.told) + 50
            wait_until(lambda: len(load.ledger.told) > enough)
            # All stops in one moment: a kernel that goes on tells some syncs that are under way
            # when the file system is shut down that they were done.
            server.process.send_signal(signal.SIGSTOP)
            (disk.path / "unsynced").write_text(unsynced)
            disk.cut_power()
            load.abandon()
            server.kill()
        finally:
            load.stop()
    return unsynced


def is_gone(disk: LoopDisk, text: str) -> bool:
    """Say whether what was not synced is gone; by chance the system may just have written it.

    Its length may be there without its content, which is zeros then.
    """
    unsynced = disk.path / "unsynced"
    return not unsynced.exists() or unsynced.read_text() != text


def test_a_power_cut_on_sqlite_breaks_no_promise(
    disk: LoopDisk,
    sqlite_template: Path,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1, I2, I7: 0 of the acknowledged results are lost."""
    cuts, gone = rounds(2, 50), 0
    url = sqlite.copy_template(sqlite_template, disk.path)
    os.sync()
    load = Load([], "")
    for _ in range(cuts):
        unsynced = cut_under_load(disk, load, tmp_path, url)
        disk.unmount()
        disk.mount()
        gone += is_gone(disk, unsynced)
        require_whole(url, load.ledger, load.study)
    report(say, cuts, gone, load.ledger)


def test_a_power_cut_on_postgres_breaks_no_promise(
    disk: LoopDisk,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1, I2, I7: 0 of the acknowledged results are lost."""
    cuts, gone = rounds(1, 20), 0
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
            unsynced = cut_under_load(disk, load, tmp_path, url)
            stop.close()
            disk.unmount()
            disk.mount()
            gone += is_gone(disk, unsynced)
            postmaster.start()
            require_whole(url, load.ledger, load.study)
            postmaster.stop()
    report(say, cuts, gone, load.ledger)


def report(say: Callable[..., None], cuts: int, gone: int, ledger: Ledger) -> None:
    """Put the figures into the report; nothing but success and 503 was answered."""
    statuses = dict(ledger.statuses)
    say(
        cuts=cuts, unsynced_gone=gone, acknowledged=len(ledger.told), lost=0, double=0,
        statuses=statuses,
    )  # fmt: skip
    assert gone >= cuts / 2, f"what was not synced is gone after {gone} of {cuts} cuts only"
    assert not ledger.refusals, ledger.refusals[:3]
