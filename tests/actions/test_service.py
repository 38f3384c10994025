"""The service object: waits, keys, troubles in its own words, life and death."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid import jobs
from beliefgrid.actions import create, definitions, errors, manage, read, tell
from beliefgrid.actions.ask import ask
from beliefgrid.actions.clock import Watch
from beliefgrid.actions.idempotency import Answer, Once
from beliefgrid.actions.service import Service, open_service
from beliefgrid.actions.views import Asked
from beliefgrid.storage import studies
from beliefgrid.storage.errors import StorageFullError, StorageUnavailableError
from tests.actions.conftest import PARAMETERS, RULES
from tests.support.clock import Clock
from tests.support.computing import SharedCompute

DEFINITION = {"parameters": PARAMETERS, "metrics": [{"name": "loss"}]}


@asynccontextmanager
async def running(url: str, **options: Any) -> AsyncIterator[Service]:
    """A started service."""
    service = open_service(url, **({"rules": RULES} | options))
    try:
        await service.start()
        yield service
    finally:
        await service.stop()


def render(asked: Asked) -> tuple[int, str]:
    """Show the numbers of an answer."""
    return 201, f"{[trial.number for trial in asked.trials]} {asked.stale}"


async def new_study(service: Service) -> str:
    """Create a study of nine cells."""
    return (await service.write(create.create_study, definition=DEFINITION, name="s")).id


async def asked(service: Service, study: str, worker: str | None = "w", **said: Any) -> Answer:
    """Ask for a trial."""
    options = {"count": 1, "lease_seconds": None, "wait_seconds": None, "once": None} | said
    once = options.pop("once")
    return await service.ask_once(once, render, study, worker=worker, **options)


def test_one_worker_always_sees_the_newest_posterior(
    database_url: str, compute: SharedCompute
) -> None:
    """From create to exhausted, without a stale answer, computed in another process."""

    async def scenario() -> None:
        async with running(database_url, compute=compute, jobs=(jobs.updating(),)) as service:
            study = await new_study(service)
            for number in range(1, 10):
                assert (await asked(service, study)).body == f"[{number}] False"
                await service.write(tell.observe, study, number, value=1.0 + number % 4)
            with pytest.raises(errors.StudyExhaustedError):
                await asked(service, study)
            newest = await service.beliefs.posterior(study, layer="p_best", y="rate", x="size")
            seen = await service.read(read.study, study)
            assert newest.seq <= seen.result_seq
            assert sum(map(sum, newest.z)) == pytest.approx(1)  # type: ignore[arg-type]
            again, seq = await service.beliefs.layers(study, ("p_best", "mean"), newest.seq)
            assert seq == newest.seq
            assert again["p_best"].sum() == pytest.approx(1)
            assert service.is_running

    asyncio.run(scenario())


def test_an_ask_is_not_kept_waiting_for_ever(sqlite_url: str) -> None:
    """Nobody computes: after `wait_seconds` it gets what there is, and is told."""

    async def scenario() -> None:
        async with running(sqlite_url) as service:
            study = await new_study(service)
            assert (await asked(service, study, wait_seconds=0.05)).body == "[1] True"
            assert (await asked(service, study, "x", wait_seconds=0)).body == "[2] True"

    asyncio.run(scenario())


def test_a_wait_for_a_free_cell(sqlite_url: str) -> None:
    """An ask that may wait gets the cell that becomes free meanwhile."""

    async def scenario() -> None:
        async with running(sqlite_url) as service:
            study = await new_study(service)
            await asked(service, study, None, count=9, wait_seconds=0)
            with pytest.raises(errors.AllLeasedError):
                await asked(service, study, "w", wait_seconds=0)
            waiting = asyncio.create_task(asked(service, study, "w", wait_seconds=1))
            await asyncio.sleep(0.05)
            await service.write(tell.fail, study, 3, kind="failed", reason="x")
            await service.write(tell.observe, study, 4, value=1.0)
            assert (await waiting).body == "[10] True"

    asyncio.run(scenario())


def test_a_key_is_answered_once(database_url: str) -> None:
    """The same again is the same answer; another body under it is refused."""

    async def scenario() -> None:
        async with running(database_url) as service:
            study = await new_study(service)
            once = Once("k", "s", "f")
            ask_it = partial(asked, service, study, None, wait_seconds=0)
            answers = await asyncio.gather(*(ask_it(once=once) for _ in range(8)))
            assert {answer.body for answer in answers} == {"[1] True"}
            assert sum(answer.replayed for answer in answers) == 7
            with pytest.raises(errors.IdempotencyKeyReusedError):
                await ask_it(once=Once("k", "s", "other"))
            seen = await service.read(read.study, study)
            assert seen.counts == {"active": 1}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (StorageFullError("full"), errors.StorageFullError),
        (StorageUnavailableError("away"), errors.StorageUnavailableError),
    ],
)
def test_troubles_of_the_database_are_told(
    sqlite_url: str, trouble: Exception, said: type[Exception]
) -> None:
    """In the words that the API has statuses for."""

    def break_down(_c: Connection, /, **_said: Any) -> None:
        raise trouble

    async def scenario() -> None:
        async with running(sqlite_url) as service:
            await new_study(service)
            for run in (service.read, service.write):
                with pytest.raises(said):
                    await run(break_down)

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(database_url: str, name: str) -> None:
    """Or stored as it is; never an error without a name."""

    async def scenario() -> None:
        async with running(database_url) as service:
            study = await new_study(service)
            tries: list[Callable[[], Awaitable[Any]]] = [
                lambda: service.write(manage.patch_study, study, changes={"name": name}),
                lambda: service.read(read.study, name),
                lambda: service.read(read.study_id_of, name),
                lambda: service.read(read.studies, q=name),
                lambda: service.read(read.trials, study, worker=name),
                lambda: service.read(read.trial, study, 2**70),
                lambda: service.write(
                    ask, study, worker=name, count=1, lease_seconds=None, rules=RULES
                ),
            ]
            for attempt in tries:
                try:
                    await attempt()
                except errors.ActionError:
                    continue

    asyncio.run(scenario())


def test_no_lease_runs_out_right_after_a_start(sqlite_url: str, clock: Clock) -> None:
    """However long the service was down."""

    async def scenario() -> None:
        grace = {"clock": clock, "restart_grace": timedelta(seconds=120)}
        async with running(sqlite_url, **grace) as service:
            study = await new_study(service)
            await asked(service, study, "w", wait_seconds=0)
        clock.advance(3600)
        async with running(sqlite_url, **grace) as service:
            await jobs.sweeper.sweep(service)
            assert (await service.read(read.trial, study, 1)).state == "active"
            clock.advance(10)
            await service.write(tell.observe, study, 1, value=1.0)

    asyncio.run(scenario())


def test_a_clock_that_is_set_forward_expires_nothing(sqlite_url: str, clock: Clock) -> None:
    """Leases are prolonged by the jump; after that they run out as ever."""
    ticks = [0.0]

    async def scenario() -> None:
        options = {"clock": clock, "ticks": lambda: ticks[0]}
        async with running(sqlite_url, **options) as service:
            study = await new_study(service)
            await asked(service, study, "w", wait_seconds=0)
            clock.advance(86400)
            await jobs.sweeper.sweep(service)
            await asked(service, study, "x", wait_seconds=0)
            assert (await service.read(read.trial, study, 1)).state == "active"
            clock.advance(61)
            ticks[0] += 61
            await jobs.sweeper.sweep(service)
            assert (await service.read(read.trial, study, 1)).state == "expired"

    asyncio.run(scenario())


def test_a_clock_that_is_set_and_set_back_expires_nothing(sqlite_url: str, clock: Clock) -> None:
    """Not even if an ask came in between, and its turn only afterwards."""
    busy, go_on = threading.Event(), threading.Event()

    def _occupy(_c: Connection, *, now: datetime) -> None:
        del now
        busy.set()
        assert go_on.wait(10)

    async def scenario() -> None:
        async with running(sqlite_url, clock=clock, ticks=lambda: 0.0) as service:
            study = await new_study(service)
            await asked(service, study, "w", wait_seconds=0)
            occupied = asyncio.create_task(service.write(_occupy))
            await asyncio.to_thread(busy.wait, 10)
            clock.advance(86400)
            waiting = asyncio.create_task(asked(service, study, "x", wait_seconds=0))
            for _ in range(20):
                await asyncio.sleep(0)  # until its turn is what it waits for
            service.clock()
            clock.advance(-86400)
            service.clock()
            go_on.set()
            await asyncio.gather(occupied, waiting)
            await jobs.sweeper.sweep(service)
            trial = await service.read(read.trial, study, 1)
            assert trial.state == "active"
            assert trial.lease is not None
            assert (trial.lease["expires_at"] - clock()).total_seconds() == RULES.seconds

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "jumps", [(3600, 3600), (-3600, -3600), (-7200, -3600), (-3600, 3600), (3600, -3600)]
)
def test_a_clock_that_is_set_twice_between_two_sweeps_moves_leases_twice(
    sqlite_url: str, clock: Clock, jumps: tuple[float, float]
) -> None:
    """A lease of before both is moved by both, one of between by the second: both last as long."""

    async def scenario() -> None:
        async with running(sqlite_url, clock=clock, ticks=lambda: 0.0) as service:
            study = await new_study(service)
            await asked(service, study, "w", wait_seconds=0)
            clock.advance(jumps[0])
            await asked(service, study, "x", wait_seconds=0)
            clock.advance(jumps[1])
            service.clock()
            await jobs.sweeper.sweep(service)
            for number in (1, 2):
                lease = (await service.read(read.trial, study, number)).lease
                assert lease is not None
                left = (lease["expires_at"] - clock()).total_seconds()
                assert left == RULES.seconds, number

    asyncio.run(scenario())


def test_a_study_that_cannot_be_moved_spares_leases_for_a_while_only(
    sqlite_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason: later they run out as ever."""
    ticks = [0.0]

    def _fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    async def scenario() -> None:
        async with running(sqlite_url, clock=clock, ticks=lambda: ticks[0]) as service:
            await asked(service, await new_study(service), "w", wait_seconds=0)
            monkeypatch.setattr("beliefgrid.actions.expire.shift_times", _fail)
            clock.advance(3600)
            for seconds, may_expire in ((0, False), (600, False), (3600, True)):
                clock.advance(seconds)
                ticks[0] += seconds
                with pytest.raises(ZeroDivisionError):
                    await jobs.sweeper.sweep(service)
                assert service.rules.may_expire == may_expire

    asyncio.run(scenario())


def test_a_watch_tells_a_jump_from_time_that_passes(clock: Clock) -> None:
    """Small corrections are none."""
    ticks = [0.0]
    watch = Watch(clock, lambda: ticks[0])

    clock.advance(100)
    ticks[0] += 100
    assert watch.read() == (clock(), None)
    clock.advance(10)
    assert watch.read() == (clock(), None)
    for seconds in (1000, -5000):
        clock.advance(seconds)
        now, jump = watch.read()
        assert jump is not None
        assert (now, jump.seconds, jump.noticed_at) == (clock(), seconds, clock())


def test_counts_are_repaired_at_the_start(database_url: str) -> None:
    """If something else wrote into the database."""

    def _miscount(c: Connection, study_id: str, **_said: Any) -> None:
        studies.change(c, study_id, {"observations": 5})

    async def scenario() -> None:
        async with running(database_url) as service:
            study = await new_study(service)
            await asked(service, study, wait_seconds=0)
            await service.write(tell.observe, study, 1, value=1.0)
            await service.write(_miscount, study)
        async with running(database_url) as service:
            seen = await service.read(read.study, study)
            assert seen.observations == 1
            kinds = [e.kind for e in await service.read(read.events, study)]
            assert kinds[-1] == "reconciled"

    asyncio.run(scenario())


def test_definitions_are_forgotten_when_a_transaction_is_undone(sqlite_url: str) -> None:
    """A revision that was read may never have been."""
    definitions.forget()

    async def scenario() -> None:
        async with running(sqlite_url) as service:
            study = await new_study(service)
            await asked(service, study, wait_seconds=0)
            assert definitions._DEFINITIONS._held
            with pytest.raises(errors.StorageFullError):
                await service.write(_full)
            assert not definitions._DEFINITIONS._held

    def _full(_c: Connection, **_said: Any) -> None:
        raise StorageFullError("full")

    asyncio.run(scenario())
