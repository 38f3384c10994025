"""Each statement of each verb fails in turn: a clean refusal, nothing by half, and again works."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from beliefgrid.actions.errors import StorageTroubleError
from beliefgrid.actions.service import Service, open_service
from tests.faults.breaking import HARD, SOFT, Breaker, Fail, breakable
from tests.faults.conftest import IS_FULL
from tests.faults.invariants import broken
from tests.faults.verbs import BEFORE, VERBS, Stage, Stages, Verb, shape

pytestmark = pytest.mark.timeout(300)
Shape = dict[str, Any]
IN_EVERY_RUN = ("ask", "tell", "publish")
NAMES = [
    pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.fault) for name in VERBS
]
MOST = 60  # statements of a verb; more would mean a query in a loop


class Bench:
    """A service whose database can be made to fail, and studies to try verbs on."""

    def __init__(self, service: Service, breaker: Breaker, before: Verb | None = None) -> None:
        self.service, self.breaker = service, breaker
        self.stages = Stages(service, before)
        self.the_commit = 0

    async def look(self, stage: Stage) -> Shape:
        """Return what there is, all of it in good order."""
        found = await self.service.read(lambda c: list(broken(c, stage.study)))
        assert not found, found
        return await self.service.read(shape, stage)

    async def is_refused(self, verb: Verb, stage: Stage) -> bool:
        """Do a verb; True if the database's trouble was told, not mended."""
        try:
            await verb(stage)
        except StorageTroubleError:
            return True
        return False

    async def clean(self, verb: Verb) -> Shape:
        """Do a verb without trouble; what it changes in a study."""
        stage = await self.stages.next()
        before = await self.look(stage)
        self.breaker.said = 0
        await verb(stage)
        self.the_commit = self.breaker.said  # is said last
        return difference(before, await self.look(stage))


def difference(before: Shape, after: Shape) -> Shape:
    """Return what changed, and how: numbers by how much."""
    found: Shape = {}
    for name, now in after.items():
        was = before[name]
        if now != was:
            is_count = isinstance(now, int) and isinstance(was, int)
            found[name] = now - was if is_count else (was, now)
    return found


@pytest.fixture
def kinds(database_url: str) -> dict[str, Fail]:
    """The kinds of trouble that are tried: one in the short form, all in the full one."""
    every = HARD[make_url(database_url).get_backend_name()]
    return every if IS_FULL else dict(list(every.items())[:1])


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_that_fails_leaves_nothing(
    database_url: str, name: str, kinds: dict[str, Fail]
) -> None:
    """I2, I5, I9: 503, the database as before; the same request again has its effect once."""

    async def check(bench: Bench, fail: Fail) -> None:
        expected = await bench.clean(VERBS[name])
        for at in range(1, MOST):
            stage = await bench.stages.next()
            before = await bench.look(stage)
            bench.breaker.arm(fail, at)
            is_refused = await bench.is_refused(VERBS[name], stage)
            if not bench.breaker.disarm():
                assert at > 3, "no statement was made to fail"
                return
            if is_refused:
                assert await bench.look(stage) == before, at
                await VERBS[name](stage)
            assert difference(before, await bench.look(stage)) == expected, at
        pytest.fail(f"{name} makes more than {MOST} statements")

    _run(database_url, kinds, check, BEFORE.get(name))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_lost_is_given_again(
    database_url: str, name: str, kinds: dict[str, Fail]
) -> None:
    """I5: the commit was done and nobody heard of it; the same request again changes nothing."""

    async def check(bench: Bench, fail: Fail) -> None:
        expected = await bench.clean(VERBS[name])
        stage = await bench.stages.next()
        before = await bench.look(stage)
        bench.breaker.arm(fail, bench.the_commit, after_commit=True)
        with pytest.raises(StorageTroubleError):
            await VERBS[name](stage)
        assert bench.breaker.disarm()
        assert difference(before, await bench.look(stage)) == expected

        await VERBS[name](stage)

        assert difference(before, await bench.look(stage)) == expected

    _run(database_url, kinds, check, BEFORE.get(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_change_that_postgres_undid_is_done_again(postgres_url: str, name: str) -> None:
    """A deadlock or a serialization failure is nobody's trouble but ours."""

    async def check(bench: Bench, fail: Fail) -> None:
        expected = await bench.clean(VERBS[name])
        for at in range(2, bench.the_commit + 1):
            stage = await bench.stages.next()
            before = await bench.look(stage)
            bench.breaker.arm(fail, at)
            await VERBS[name](stage)
            assert bench.breaker.disarm()
            assert difference(before, await bench.look(stage)) == expected, at

    _run(postgres_url, SOFT if IS_FULL else {"deadlock": SOFT["deadlock"]}, check, BEFORE.get(name))


def test_a_change_that_is_undone_for_ever_is_refused(postgres_url: str) -> None:
    """Time and again the deadlock's victim: 503, not 500."""

    async def check(bench: Bench, fail: Fail) -> None:
        stage = await bench.stages.next()
        bench.breaker.arm(fail, 2)
        bench.breaker.stays = True
        assert await bench.is_refused(VERBS["tell"], stage)
        bench.breaker.disarm()

    _run(postgres_url, SOFT, check)


Check = Callable[[Bench, Fail], Awaitable[None]]


def _run(url: str, kinds: dict[str, Fail], check: Check, before: Verb | None = None) -> None:
    async def run() -> None:
        service = open_service(url)
        try:
            with breakable(service.database) as breaker:
                for fail in kinds.values():
                    await check(Bench(service, breaker, before), fail)
        finally:
            await service.stop()

    asyncio.run(run())
