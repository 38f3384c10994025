"""Postgres goes away under load, politely or not: writes wait for it, and nothing is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.invariants import require_whole
from tests.faults.load import Ledger, Load, create
from tests.faults.patience import first_success, patience
from tests.support import postgres
from tests.support.missing import lacking
from tests.support.server import running_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1200)]

RECOVERY_S = 3.0
AWAY_S = 1.0
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname LIKE 'beliefgrid_test_%' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def durable() -> Iterator[postgres.Cluster]:
    """A Postgres of our own that waits for the disk; a given one cannot be restarted."""
    if os.environ.get("TEST_DATABASE_URL"):
        lacking(
            "restarts of Postgres",
            "TEST_DATABASE_URL names a server that is not ours to restart; run these without it, "
            "with the package postgresql installed",
        )
    with postgres.cluster(is_durable=True) as cluster:
        yield cluster


def check(ledger: Ledger, url: str, study: str) -> None:
    """Fail if anything was lost, or answered with anything but success or a 503 with a time."""
    require_whole(url, ledger, study)
    assert not ledger.refusals, ledger.refusals[:3]
    assert not ledger.hints[False], "a 503 did not say when to come back"
    assert not [s for s in ledger.statuses if s.startswith("5") and not s.startswith("503")]


def test_restarts_of_postgres_break_no_promise(
    durable: postgres.Cluster,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1-I5, I9: fast and immediate restarts; only 503; work goes on when it is up."""
    assert durable.postmaster is not None
    recoveries = []
    with durable.database() as url, running_server(tmp_path, url) as server:
        load = Load([server.url], create(server.url))
        with load.running(8) as ledger:
            for turn in range(rounds(2, 20)):
                first_success(ledger, time.monotonic())
                time.sleep(0.5)
                durable.postmaster.stop(signal.SIGQUIT if turn % 2 else signal.SIGINT)
                time.sleep(AWAY_S)
                durable.postmaster.start()
                recoveries.append(first_success(ledger, time.monotonic()))
        check(ledger, url, load.study)
    say(
        restarts=len(recoveries), acknowledged=len(ledger.told), lost=0, double=0,
        recovery_mean_s=f"{sum(recoveries) / len(recoveries):.2f}",
        recovery_max_s=f"{max(recoveries):.2f}", statuses=dict(ledger.statuses),
    )  # fmt: skip
    assert max(recoveries) < patience(RECOVERY_S)


def test_sessions_that_are_ended_break_no_promise(
    durable: postgres.Cluster,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """An operator ends all our sessions again and again; the pool heals by itself."""
    times = rounds(10, 100)
    with durable.database() as url, running_server(tmp_path, url) as server:
        load = Load([server.url], create(server.url))
        with load.running(8) as ledger:
            first_success(ledger, time.monotonic())
            with psycopg.connect(str(durable.server.render_as_string()), autocommit=True) as c:
                for _ in range(times):
                    c.execute(TERMINATE)
                    time.sleep(0.1)
            first_success(ledger, time.monotonic())
        check(ledger, url, load.study)
    say(storms=times, acknowledged=len(ledger.told), lost=0, statuses=dict(ledger.statuses))
