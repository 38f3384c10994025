"""The updater outlives the end of its sessions, and ends when it is told to."""

import asyncio

import psycopg
import pytest
from sqlalchemy.engine import make_url

from beliefgrid.actions.service import Service, open_service
from beliefgrid.storage.claims import PostgresClaims
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.errors import StorageUnavailableError

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
