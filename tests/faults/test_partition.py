"""The network between a server and its Postgres fails, or Postgres takes no more connections."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from beliefgrid.storage.silence import connect_options
from tests.faults.invariants import require_whole
from tests.faults.load import Connection, Ledger, Load, create
from tests.faults.patience import first_success, patience
from tests.faults.wire import Wire
from tests.support import postgres
from tests.support.missing import lacking
from tests.support.server import Server, free_port, running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1200)]

ANSWER_S = 15.0  # an answer is missed for 5 s, a new connection for 5 s, and then all is refused
RECOVERY_S = 8.0  # whether the server answers is asked every second, for 5 s at most
REFUSED_S = 1.0  # once it is known that the server is away
WORKERS = 8
CONNECTIONS = 40
END_SESSIONS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname LIKE 'beliefgrid_test_%' AND pid <> pg_backend_pid()"
)
Break = Callable[[Wire], None]
KINDS: dict[str, tuple[Break, Break]] = {
    "stalls": (Wire.stall, Wire.mend),
    "stalls and is reset": (Wire.stall, lambda wire: wire.mend(lose=True)),
    "loses answers": (Wire.lose_answers, lambda wire: wire.mend(lose=True)),
    "is cut": (Wire.cut, Wire.mend),
}


@pytest.fixture(scope="module")
def reachable() -> Iterator[postgres.Cluster]:
    """A Postgres that listens on a port, with few connections to give."""
    if os.environ.get("TEST_DATABASE_URL"):
        lacking("a network that fails", "TEST_DATABASE_URL names a server that is not ours")
    settings = (f"max_connections={CONNECTIONS}", "superuser_reserved_connections=0")
    with postgres.cluster(*settings, port=free_port()) as cluster:
        yield cluster


@pytest.fixture
def far_url(reachable: postgres.Cluster) -> Iterator[str]:
    """A fresh database there."""
    with reachable.database() as url:
        yield url


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_fails_breaks_no_promise(
    far_url: str,
    kind: str,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1-I5, I9: 503 with a time in bounded time, /healthz goes on; then it recovers by itself."""
    fail, mend = KINDS[kind]
    waits, recoveries = [], []
    with ExitStack() as running:
        wire = running.enter_context(Wire.to(far_url))
        server = running.enter_context(running_server(tmp_path, wire.url(far_url)))
        load = Load([server.url], create(server.url))
        with load.running(WORKERS) as ledger:
            for _ in range(rounds(1, 2)):
                first_success(ledger, time.monotonic())
                time.sleep(0.5)
                fail(wire)
                time.sleep(0.1)
                waits.append(refused_after(server, load.study))
                assert refused_after(server, load.study) < patience(REFUSED_S)
                mend(wire)
                recoveries.append(first_success(ledger, time.monotonic()))
    require_whole(far_url, ledger, load.study)
    say(
        acknowledged=len(ledger.told), lost=0, double=0, answer_max_s=f"{max(waits):.2f}",
        recovery_max_s=f"{max(recoveries):.2f}", statuses=dict(ledger.statuses),
    )  # fmt: skip
    require_only_away(ledger)
    assert max(waits) < patience(ANSWER_S)
    assert max(recoveries) < patience(RECOVERY_S)


def test_a_server_that_cannot_reach_postgres_ends(far_url: str, tmp_path: Path) -> None:
    """SIGTERM while every connection is silent: it does not wait for answers for ever."""
    with (
        Wire.to(far_url) as wire,
        running_server(tmp_path, wire.url(far_url)) as server,
    ):
        load = Load([server.url], create(server.url))
        load.start(WORKERS)
        first_success(load.ledger, time.monotonic())
        wire.stall()

        server.process.terminate()

        load.abandon()
        server.process.wait(timeout=patience(2 * ANSWER_S))
        wire.mend()
        load.stop()


@contextmanager
def hogged(cluster: postgres.Cluster) -> Iterator[None]:
    """Take every connection that Postgres has to give, also those that the server has."""
    taken: list[psycopg.Connection[object]] = []
    plain = cluster.server.set(drivername="postgresql").render_as_string(hide_password=False)

    def take() -> bool:
        with suppress(psycopg.OperationalError):  # too many clients: that was the last one
            while True:
                taken.append(psycopg.connect(plain, autocommit=True))
        ended = taken[0].execute(END_SESSIONS).fetchone()
        return ended == (0,)

    try:
        # Without a pause: the server wants them back as much as we do.
        wait_until(take, pause_s=0)
        yield
    finally:
        for connection in taken:
            connection.close()


def test_a_postgres_without_connections_to_give_breaks_no_promise(
    reachable: postgres.Cluster,
    far_url: str,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1-I5, I9: `max_connections` taken by others: 503 for as long, then on by itself."""
    recoveries = []
    with running_server(tmp_path, far_url) as server:
        load = Load([server.url], create(server.url))
        with load.running(WORKERS) as ledger:
            for _ in range(rounds(1, 10)):
                first_success(ledger, time.monotonic())
                with hogged(reachable):
                    assert refused_after(server, load.study) < patience(ANSWER_S)
                recoveries.append(first_success(ledger, time.monotonic()))
    require_whole(far_url, ledger, load.study)
    say(
        acknowledged=len(ledger.told), lost=0, double=0,
        recovery_max_s=f"{max(recoveries):.2f}", statuses=dict(ledger.statuses),
    )  # fmt: skip
    require_only_away(ledger)
    assert max(recoveries) < patience(RECOVERY_S)


def refused_after(server: Server, study: str) -> float:
    """Ask once; return how long it took to be told that the database is away."""
    connection = Connection([server.url], None)
    began = time.monotonic()
    status, answer = connection.send("GET", f"/api/v1/studies/{study}", None, "")
    took = time.monotonic() - began
    assert (status, answer["code"]) == (503, "storage_unavailable"), answer
    assert answer["retry_after"] > 0
    assert connection.send("GET", "/healthz", None, "")[0] == 200
    assert connection.send("GET", "/readyz", None, "")[0] == 503
    connection.close()
    return took


def require_only_away(ledger: Ledger) -> None:
    """Fail if anything but success and a 503 with a time was answered."""
    assert not ledger.refusals, ledger.refusals[:3]
    assert not ledger.hints[False], "a 503 did not say when to come back"
    assert ledger.statuses["503 storage_unavailable"]
    unknown = [s for s in ledger.statuses if s[0] == "5" and s != "503 storage_unavailable"]
    assert not unknown


def test_an_address_may_name_limits_of_its_own() -> None:
    """`?connect_timeout=` and TCP's own in the database's address win over ours."""
    url = make_url("postgresql://h/d?connect_timeout=30")

    options = connect_options(url)

    assert "connect_timeout" not in options
    assert options["tcp_user_timeout"] > 0
