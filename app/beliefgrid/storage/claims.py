"""Who may update a study at the moment: one updater, of all processes that share a database."""

import asyncio
import contextlib
import hashlib
from typing import Protocol

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from beliefgrid.storage.engine import Database
from beliefgrid.storage.errors import storage_errors

_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_GIVE_BACK = text("SELECT pg_advisory_unlock(:key)")
_GIVE_ALL_BACK = text("SELECT pg_advisory_unlock_all()")
_KEEP = text("SELECT 1")
SILENT_S = 30  # after which Postgres ends the session of a process that stands still
# Older ones than 14 cannot; there it ends when TCP gives up.
_END_IF_SILENT = text(
    "SELECT set_config(name, :most, false) FROM pg_settings WHERE name = 'idle_session_timeout'"
)


class Claims(Protocol):
    """The studies that this process updates."""

    async def take(self, study_id: str) -> bool:
        """Claim a study; False if another process has it."""

    async def give_back(self, study_id: str) -> None:
        """Let others claim it."""

    async def keep(self) -> None:
        """Say that this process is alive; who does not for `SILENT_S` loses its claims."""

    def close(self) -> None:
        """Give everything back."""


def claims_on(database: Database) -> Claims:
    """Return the claims that fit a database."""
    if database.url.get_backend_name() == "sqlite":
        return SoleClaims()
    return PostgresClaims(database.engine)


class SoleClaims:
    """A SQLite file has one process, so nobody else can have a study."""

    async def take(self, _study_id: str) -> bool:
        return True

    async def give_back(self, _study_id: str) -> None: ...

    async def keep(self) -> None: ...

    def close(self) -> None: ...


class PostgresClaims:
    """Advisory locks of one session: they end with it, so that a dead process holds nothing.

    A process that stands still, or whose network is cut, says nothing; then Postgres ends its
    session. Should it go on, what it computed is published only if nothing newer is there.
    """

    def __init__(self, engine: Engine, silent_s: float = SILENT_S) -> None:
        self._silent_s = silent_s
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self, study_id: str) -> bool:
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._run, _TAKE, study_id)

    async def give_back(self, study_id: str) -> None:
        async with self._one_at_a_time:
            await asyncio.to_thread(self._run, _GIVE_BACK, study_id)

    async def keep(self) -> None:
        async with self._one_at_a_time:
            if self._connection is not None:
                await asyncio.to_thread(self._run, _KEEP)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # Ending the session gives the locks back too, but only when the server notices. A session
        # that the server has ended cannot be asked; it must not keep us from opening another.
        with contextlib.suppress(SQLAlchemyError):
            connection.execute(_GIVE_ALL_BACK)
        with contextlib.suppress(SQLAlchemyError):
            connection.invalidate()
        connection.close()

    def _run(self, statement: TextClause, study_id: str | None = None) -> bool:
        values = {"key": key_of(study_id)} if study_id else {}
        with storage_errors():
            try:
                self._connection = self._connection or self._connect()
                return bool(self._connection.execute(statement, values).scalar_one())
            except DBAPIError:
                self.close()
                raise

    def _connect(self) -> Connection:
        connection = self._connection = self._engine.connect()  # ours to close, should this fail
        connection.execute(_END_IF_SILENT, {"most": f"{round(1000 * self._silent_s)}ms"})
        return connection


def key_of(study_id: str) -> int:
    """Return a study's number among Postgres's advisory locks."""
    digest = hashlib.blake2b(study_id.encode(), digest_size=8, person=b"beliefgrid").digest()
    return int.from_bytes(digest, signed=True)
