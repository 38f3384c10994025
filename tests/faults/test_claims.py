"""The updater outlives the end of its sessions, and ends when it is told to."""

import asyncio

import psycopg
import pytest
from sqlalchemy.engine import make_url

from beliefgrid.actions import create, queue
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.service import Service, open_service
from beliefgrid.storage.claims import PostgresClaims
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.errors import StorageUnavailableError
from tests.faults.invariants import require_whole
from tests.faults.verbs import COMBINATION, DEFINITION, Stage, shape

END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def end_sessions(url: str) -> None:
    """End all sessions of a database but this one, as an operator would."""
    plain = make_url(url).render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(END_SESSIONS)


def test_claims_outlive_their_session(postgres_url: str) -> None:
    """A claim on a session that was ended fails once; the next one is made on a new session."""

    async def run() -> None:
        database = open_database(postgres_url)
        claims = PostgresClaims(database.engine)
        assert await claims.take("st_1")
        end_sessions(postgres_url)
        with pytest.raises(StorageUnavailableError):
            await claims.give_back("st_1")

        assert await claims.take("st_1")

        end_sessions(postgres_url)
        claims.close()
        database.close()

    asyncio.run(run())


def test_who_stands_still_loses_its_claims(postgres_url: str) -> None:
    """And who says that it is alive keeps them, without a clock of ours."""

    async def run() -> None:
        database = open_database(postgres_url)
        ours, theirs = (PostgresClaims(database.engine, silent_s=1.0) for _ in range(2))
        assert await ours.take("st_1")
        for _ in range(8):
            await asyncio.sleep(0.25)
            await ours.keep()
            await theirs.keep()
            assert not await theirs.take("st_1")
        for _ in range(600):  # and we say nothing
            if await theirs.take("st_1"):
                break
            await asyncio.sleep(0.1)
        with pytest.raises(StorageUnavailableError):
            await ours.give_back("st_1")
        assert not await ours.take("st_1")
        ours.close()
        theirs.close()
        database.close()

    asyncio.run(run())


def test_what_an_old_claim_computed_does_no_harm(database_url: str) -> None:
    """It is published late and twice: the newer snapshot and its list stay as they are."""

    async def run() -> None:
        service = open_service(database_url)
        made = await service.write(create.create_study, definition=DEFINITION, name="a study")
        old = await service.read(updates.task, made.id)
        await service.write(
            queue.queue_trial, made.id, assignments=COMBINATION, observation={"value": 1.0}
        )
        new = await service.read(updates.task, made.id)
        assert old is not None
        assert new is not None
        assert await service.write(updates.publish, new, compute_update(new.recipe, None))
        stage = Stage(service, made.id, "", new, compute_update(old.recipe, None))
        before = await service.read(shape, stage)

        for late in (old, new):
            assert not await service.write(updates.publish, late, stage.update)

        assert await service.read(shape, stage) == before
        await service.stop()

    asyncio.run(run())
    require_whole(database_url)


def test_a_job_that_cannot_tidy_up_ends(sqlite_url: str) -> None:
    """What fails while a job is told to end does not make it begin again."""
    begun = 0

    async def untidy(_service: Service) -> None:
        nonlocal begun
        begun += 1
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("this is why")

    async def run() -> None:
        service = open_service(sqlite_url, jobs=(untidy,))
        await service.start()
        await asyncio.sleep(0)
        await asyncio.wait_for(service.stop(), 20)

    asyncio.run(run())

    assert begun == 1
