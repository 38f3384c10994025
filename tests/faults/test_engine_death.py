"""The engine dies or stands still in the middle of an update: work goes on, belief catches up."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.read import recipe
from beliefgrid.storage.tables import snapshots
from tests.faults.invariants import engine_on, require_whole
from tests.faults.load import Load, call, create
from tests.faults.patience import first_success, patience
from tests.faults.processes import engines_of, running_updater
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

CATCH_UP_S = 30.0
SMALL = [
    {"name": name, "kind": "ordered", "low": 0, "high": 1, "levels": 60, "scale": "linear"}
    for name in ("a", "b")
]


def catch_up(url: str, study: str) -> float:
    """Wait until the posterior has seen every result; return how long it took."""
    began = time.monotonic()
    limit = patience(CATCH_UP_S)
    wait_until(lambda: call(url, "GET", f"/studies/{study}")["stale"] is False, patience_s=limit)
    return time.monotonic() - began


def see_progress(url: str, study: str) -> None:
    """Wait until there is a newer posterior."""
    newest = call(url, "GET", f"/studies/{study}")["snapshot_seq"]
    wait_until(
        lambda: call(url, "GET", f"/studies/{study}")["snapshot_seq"] > newest,
        patience_s=patience(CATCH_UP_S),
    )


def require_derivable(database_url: str, study: str, most: int) -> int:
    """Fail unless stored snapshots, some taken by chance, equal their recomputation (I6)."""
    with engine_on(database_url).connect() as c:
        query = select(snapshots.c.seq, snapshots.c.field).where(snapshots.c.study_id == study)
        stored = {row.seq: row.field for row in c.execute(query)}
        chosen = random.sample(sorted(stored), min(most, len(stored)))
        for seq in chosen:
            assert compute_update(recipe(c, study, seq), None).field == stored[seq], seq
    return len(chosen)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process stand still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_an_engine_that_dies_is_replaced(
    sqlite_url: str,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """Killed in mid-update: asks go on, and every snapshot is what its results say (I6)."""
    kills = rounds(3, 30)
    with running_server(tmp_path, sqlite_url) as server:
        # So slow that the grid lasts, and an update is soon made.
        load = Load([server.url], create(server.url, parameters=SMALL), think_s=1.0)
        with load.running(4) as ledger:
            for kill in range(kills):
                wait_until(lambda: bool(engines_of(server.process.pid)), patience_s=60)
                time.sleep(random.random())
                for pid in engines_of(server.process.pid):
                    os.kill(pid, signal.SIGKILL)
                first_success(ledger, time.monotonic())
                if kill % 2:  # or the pauses between attempts grow to minutes
                    see_progress(server.url, load.study)
        took = catch_up(server.url, load.study)
        for _ in range(rounds(4, 20)):  # one after the other, each with a snapshot of its own
            with Load([server.url], load.study, limit=1).running(1):
                pass
            catch_up(server.url, load.study)
    require_whole(sqlite_url, ledger, load.study)
    compared = require_derivable(sqlite_url, load.study, rounds(5, 20))
    say(
        kills=kills, acknowledged=len(ledger.told), catch_up_s=f"{took:.1f}",
        snapshots_compared=compared, statuses=dict(ledger.statuses),
    )  # fmt: skip
    assert not ledger.refusals, ledger.refusals[:3]


def test_an_updater_that_stands_still_or_dies_holds_nobody_up(
    postgres_url: str, tmp_path: Path, say: Callable[..., None]
) -> None:
    """Stopped, asks go on; killed, another updater takes its studies over."""
    with ExitStack() as running:
        apart = running_server(tmp_path, postgres_url, BELIEFGRID_UPDATES="off")
        server = running.enter_context(apart)
        first = running.enter_context(running_updater(tmp_path, postgres_url))
        load = Load([server.url], create(server.url, parameters=SMALL), think_s=0.2)
        with load.running(4) as ledger:
            first_success(ledger, time.monotonic())
            with stopped(first.pid):
                began, before = time.monotonic(), len(ledger.told)
                wait_until(lambda: len(ledger.told) > before + 20, patience_s=60)
                still = time.monotonic() - began
            running.enter_context(running_updater(tmp_path, postgres_url))
            first.kill()
            first.wait()
            first_success(ledger, time.monotonic())
        took = catch_up(server.url, load.study)
    require_whole(postgres_url, ledger, load.study)
    say(twenty_results_while_stopped_s=f"{still:.1f}", catch_up_s=f"{took:.1f}")
    assert not ledger.refusals, ledger.refusals[:3]
