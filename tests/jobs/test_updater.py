"""Studies are brought up to date: announced or not, one updater each, whatever dies."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from beliefgrid import jobs
from beliefgrid.actions import create, read, tell
from beliefgrid.actions.compute import Compute, ComputeError
from beliefgrid.actions.queue import import_batch, queue_trial
from beliefgrid.actions.service import Service, open_service
from beliefgrid.actions.views import StudyView
from beliefgrid.jobs import updater
from beliefgrid.storage.errors import StorageError
from tests.actions.conftest import PARAMETERS
from tests.support.computing import SharedCompute

Run = Callable[..., None]
Scenario = Callable[[Service], Awaitable[None]]
DEFINITION = {"parameters": PARAMETERS, "metrics": [{"name": "loss"}]}


async def new_study(service: Service, **changes: Any) -> str:
    """Create a study of nine cells."""
    definition = DEFINITION | changes
    return (await service.write(create.create_study, definition=definition, name="s")).id


async def imported(service: Service, study: str, value: float = 1.0) -> None:
    """Import a result."""
    where = {"rate": 0.01, "size": 8}
    await service.write(queue_trial, study, assignments=where, observation={"value": value})


async def until(service: Service, study: str, is_so: Callable[[StudyView], bool]) -> StudyView:
    """Wait until something is so."""
    with service.announcements.listen(study) as news:
        for _ in range(300):
            seen = await service.read(read.study, study)
            if is_so(seen):
                return seen
            await news.wait(0.1)
    pytest.fail(f"never so: {seen}")


def is_current(seen: StudyView) -> bool:
    """Say whether a study's posterior has seen everything."""
    return seen.snapshot_seq == seen.result_seq


@pytest.fixture
def run(compute: SharedCompute) -> Callable[..., None]:
    """Run a scenario on a started service."""
    return partial(run_on, compute)


def run_on(compute: Compute, url: str, scenario: Scenario, *, updates: bool = True) -> None:
    """Run a scenario on a service that computes somewhere."""

    async def started() -> None:
        service = open_service(url, compute=compute, jobs=(jobs.updating(),) if updates else ())
        try:
            await service.start()
            await scenario(service)
        finally:
            await service.stop()

    asyncio.run(started())


def test_results_are_followed(run: Run, database_url: str) -> None:
    """One after the other, and many studies at once."""

    async def scenario(service: Service) -> None:
        studies = [await new_study(service) for _ in range(3)]
        for study in studies:
            await imported(service, study)
        for study in studies:
            seen = await until(service, study, is_current)
            assert seen.summary is not None
            assert seen.summary["n_observations"] == 1

    run(database_url, scenario)


def test_what_is_behind_at_the_start_is_updated(run: Run, database_url: str) -> None:
    """Results of a service that died before it could."""
    study = ""

    async def before(service: Service) -> None:
        nonlocal study
        study = await new_study(service)
        await imported(service, study)

    async def after(service: Service) -> None:
        await until(service, study, is_current)

    run(database_url, before, updates=False)
    run(database_url, after)


def test_a_child_that_dies_is_replaced(run: Run, sqlite_url: str) -> None:
    """The study says so, and catches up."""

    async def scenario(service: Service) -> None:
        study = await new_study(service)
        await until(service, study, is_current)
        pool = service.compute._pool
        assert pool is not None
        for process in list(pool._processes.values()):
            os.kill(process.pid or 0, signal.SIGKILL)
        await imported(service, study)
        seen = await until(service, study, is_current)
        assert seen.update_error is None

    run(sqlite_url, scenario)


def test_a_computation_that_takes_too_long_is_ended(sqlite_url: str) -> None:
    """The study says why, and asks go on with what there is."""

    async def scenario(service: Service) -> None:
        study = await new_study(service)
        await until(service, study, is_current)
        service.compute._most_seconds = 0.001
        await imported(service, study)
        seen = await until(service, study, lambda s: s.update_error is not None)
        assert "BELIEFGRID_COMPUTE_SECONDS" in str(seen.update_error)
        answer = await service.ask_once(
            None, lambda asked: (201, str(asked.stale)), study,
            worker="w", count=1, lease_seconds=None, wait_seconds=None,
        )  # fmt: skip
        assert answer.status == 201

    run_on(Compute(), sqlite_url, scenario)


def test_a_study_that_cannot_be_computed_goes_on(
    run: Run, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong, asks are not kept waiting, other studies are updated."""
    monkeypatch.setattr(updater, "LONGEST_PAUSE_S", 0.01)
    broken: set[str] = set()

    async def scenario(service: Service) -> None:
        compute = service.compute.update

        async def breaks(recipe: Any, *rest: Any) -> Any:
            if recipe.study_id in broken:
                raise ComputeError("no")
            return await compute(recipe, *rest)

        monkeypatch.setattr(service.compute, "update", breaks)
        study = await new_study(service)
        await until(service, study, is_current)
        broken.add(study)
        await imported(service, study)
        seen = await until(service, study, lambda s: s.update_error is not None)
        assert seen.update_error == "ComputeError: no"
        other = await new_study(service)
        await until(service, other, is_current)
        answer = await service.ask_once(
            None, lambda asked: (201, str(asked.stale)), study,
            worker="w", count=1, lease_seconds=None, wait_seconds=None,
        )  # fmt: skip
        assert answer.body == "True"
        broken.clear()
        seen = await until(service, study, is_current)
        assert seen.update_error is None

    run(sqlite_url, scenario)


def test_two_updaters_share_a_postgres(run: Run, compute: SharedCompute, postgres_url: str) -> None:
    """Each snapshot is made once, and results that one of them stores reach the other's waits."""

    async def scenario(here: Service) -> None:
        there = open_service(postgres_url, compute=compute, jobs=(jobs.updating(),))
        await there.start()
        try:
            study = await new_study(here)
            for i in range(4):
                await imported(here, study, 1.0 + i)
                await until(there, study, is_current)
            found = await here.read(read.snapshots, study)
            assert len({snapshot.seq for snapshot in found}) == len(found)
            answer = await there.ask_once(
                None, lambda asked: (201, str(asked.stale)), study,
                worker="w", count=1, lease_seconds=None, wait_seconds=5,
            )  # fmt: skip
            assert answer.body == "False"
        finally:
            await there.stop()

    run(postgres_url, scenario)


def test_a_job_that_breaks_goes_on(sqlite_url: str) -> None:
    """What broke it is logged; the service says that it runs."""
    runs: list[int] = []

    async def fragile(_service: Service) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError("once")
        await asyncio.sleep(60)

    async def started() -> None:
        service = open_service(sqlite_url, jobs=(fragile,))
        await service.start()
        for _ in range(300):
            if len(runs) == 2:
                break
            await asyncio.sleep(0.02)
        assert service.is_running
        await service.stop()

    asyncio.run(started())
    assert len(runs) == 2


def test_it_ends_though_its_claim_cannot_be_given_back(run: Run, sqlite_url: str) -> None:
    """A database that is away just then keeps no service from ending."""

    async def scenario(service: Service) -> None:
        claims = BrokenClaims()
        following = updater.Updater(service, claims, at_once=1)
        study = await new_study(service)
        following._follow(study)
        await claims.taken.wait()
        async with asyncio.timeout(5):
            await following.stop()
        assert claims.is_asked_back
        assert not following._running

    run(sqlite_url, scenario, updates=False)


class BrokenClaims:
    """Claims that are taken for ever."""

    def __init__(self) -> None:
        self.taken, self.is_asked_back = asyncio.Event(), False

    async def take(self, study_id: str) -> bool:
        self.taken.set()
        return bool(study_id)

    async def give_back(self, study_id: str) -> None:
        self.is_asked_back = True
        raise StorageError(f"the database is away, {study_id} stays claimed")

    async def keep(self) -> None:
        """Keep them; they are not lost."""

    def close(self) -> None:
        """Let go of nothing."""


def test_a_told_trial_wakes_who_waits(run: Run, sqlite_url: str) -> None:
    """Not by polling: the news comes with the commit."""

    async def scenario(service: Service) -> None:
        study = await new_study(service)
        await until(service, study, is_current)
        trial = await service.write(queue_trial, study, assignments={"rate": 0.1, "size": 8})
        with service.announcements.listen(study) as news:
            await service.write(tell.observe, study, trial.number, value=1.0)
            assert await news.wait(5)

    run(sqlite_url, scenario)


def test_the_more_results_come_the_longer_it_rests() -> None:
    """Workers that flood a study need the machine; one that waits for its result must not wait."""
    assert updater.rest_after(5.0, 1) == 0
    assert updater.rest_after(1.0, 9) == 1.0
    assert updater.rest_after(1.0, 65) == 3.0
    assert updater.rest_after(100.0, 65) == 30.0


def test_a_long_line_of_studies_is_gone_through_with_rests(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as wait for their turn decide how long; their first lists are not waited for."""
    studies: list[str] = []
    rested: list[int] = []

    async def create_all(service: Service) -> None:
        studies.extend([await new_study(service) for _ in range(4)])

    async def import_all(service: Service) -> None:
        for study in studies:
            await imported(service, study)

    async def are_current(service: Service) -> None:
        for study in studies:
            await until(service, study, is_current)

    def rest_after(_spent_s: float, results: int) -> float:
        rested.append(results)
        return 0.0

    run(database_url, create_all, updates=False)
    monkeypatch.setattr(updater, "rest_after", rest_after)
    run(database_url, are_current)
    assert set(rested) == {1}  # only as any study rests after its own results
    run(database_url, import_all, updates=False)
    run(database_url, are_current)
    assert max(rested) == 3


def test_a_rest_ends_with_the_flood(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker that goes on alone does not wait for it."""
    monkeypatch.setattr(updater, "FLOOD_RESTS", 1e9)
    monkeypatch.setattr(updater, "LONGEST_FLOOD_REST_S", 3600.0)
    monkeypatch.setattr(updater, "GLANCE_S", 0.01)
    rows = [{"assignments": {"rate": 0.01, "size": 8}, "value": float(i)} for i in range(70)]

    async def scenario(service: Service) -> None:
        study = await new_study(service)
        await service.write(import_batch, study, rows=rows)
        await until(service, study, is_current)

        await imported(service, study)

        await until(service, study, is_current)

    run(database_url, scenario)
