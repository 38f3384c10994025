"""The clock is set while workers hold their trials: nobody loses a lease because of it."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from beliefgrid.actions import ask, create, read, tell
from beliefgrid.actions.service import Service, open_service
from beliefgrid.jobs.sweeper import sweep
from tests.faults.invariants import require_whole
from tests.faults.load import Load, call, trials_of
from tests.faults.load import create as create_over_http
from tests.faults.patience import first_success
from tests.faults.verbs import DEFINITION
from tests.support.clock import Clock
from tests.support.missing import lacking
from tests.support.server import running_server

HOUR, DAY = 3600.0, 86_400.0
JUMPS = {
    "a day ahead": [DAY],
    "a day back": [-DAY],
    "an hour ahead, again and again": [HOUR] * 5,
    "ahead and back": [DAY, -DAY, HOUR, -HOUR],
}


async def _leases(service: Service) -> str:
    """Return a study in which four trials are with workers for a minute."""
    made = await service.write(create.create_study, definition=DEFINITION, name="a study")
    await service.write(
        ask.ask, made.id, worker="w", count=4, lease_seconds=60, rules=service.rules
    )
    return made.id


@pytest.mark.parametrize("jumps", list(JUMPS.values()), ids=list(JUMPS))
def test_a_clock_that_is_set_ends_no_lease(
    database_url: str, clock: Clock, jumps: list[float]
) -> None:
    """I10: the time that really passed counts, and then leases do run out."""
    passed = 0.0

    async def run() -> None:
        nonlocal passed
        grace = timedelta(seconds=120)
        service = open_service(database_url, clock=clock, ticks=lambda: passed, restart_grace=grace)
        study = await _leases(service)
        for jump in jumps:
            clock.advance(jump + 5)
            passed += 5
            await sweep(service)
            assert (await service.read(read.study, study)).counts == {"active": 4}
        await service.write(tell.observe, study, 1, value=1.0)

        for _ in range(10):
            clock.advance(20)
            passed += 20
            await sweep(service)

        assert (await service.read(read.study, study)).counts == {"completed": 1, "expired": 3}
        await service.stop()

    asyncio.run(run())
    require_whole(database_url)


LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_a_machine_whose_clock_is_set_loses_nothing(
    sqlite_url: str, tmp_path: Path, rounds: Callable[[int, int], int], say: Callable[..., None]
) -> None:
    """A day ahead, a day back, hour after hour, under load: no mass expiry, nothing lost."""
    if LIBRARY is None:
        lacking("clocks that are set", "there is no libfaketime; install the package faketime")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    faked = {
        "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    with running_server(tmp_path, sqlite_url, port=None, **faked) as server:
        load = Load([server.url], create_over_http(server.url))
        body = {"worker": "sleeper", "count": 10, "lease_seconds": 60, "wait_seconds": 0}
        held = call(server.url, "POST", f"/studies/{load.study}/suggestions", body)["trials"]
        with load.running(4) as ledger:
            for jump in ["+1d", "+0", *(f"+{hours}h" for hours in range(1, rounds(3, 12)))]:
                offset.write_text(jump)
                first_success(ledger, time.monotonic())
                time.sleep(2)
        time.sleep(6)  # the sweeper looks every five seconds
        trials = trials_of(server.url, load.study)
    states = {trials[trial["number"]]["state"] for trial in held}
    require_whole(sqlite_url, ledger, load.study)
    say(acknowledged=len(ledger.told), lost=0, states=states, load=os.getloadavg()[0])
    assert not ledger.refusals, ledger.refusals[:3]
    assert states == {"active"}
