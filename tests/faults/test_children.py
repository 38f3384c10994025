"""The processes in which the engine computes end with their server, however it ends."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import pytest

from beliefgrid.actions.compute import Compute, ComputeError
from tests.faults.processes import engines_of
from tests.support.server import running_server
from tests.support.waiting import wait_until


def is_there(pid: int) -> bool:
    """Say whether a process runs; one that ended and was not asked about does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_a_killed_server_leaves_no_process_behind(sqlite_url: str, tmp_path: Path) -> None:
    """A process that waits for work for ever would hold its memory for ever."""
    with running_server(tmp_path, sqlite_url) as server:
        wait_until(lambda: bool(engines_of(server.process.pid)))
        children = engines_of(server.process.pid)
        server.kill()

        wait_until(lambda: not any(is_there(pid) for pid in children))


def test_a_computation_under_way_holds_nobody_up() -> None:
    """Told to end, a service does not wait for an update that takes a minute."""

    async def run() -> float:
        found = Compute()
        await found.warm_up()
        long = asyncio.create_task(found._run(time.sleep, 60))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await asyncio.to_thread(found.close)
        took = time.monotonic() - began
        with pytest.raises(ComputeError):
            await long
        return took

    assert asyncio.run(run()) < 10
