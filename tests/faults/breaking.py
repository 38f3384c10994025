"""A database whose k-th statement or commit fails, as a real one's would."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Engine, event

from beliefgrid.storage.engine import Database

PING = ";"  # the pool asks whether a connection is alive; it takes another if not
Fail = Callable[[Any], None]


def _says(message: str) -> Fail:
    def fail(_connection: Any) -> None:
        raise sqlite3.OperationalError(message)

    return fail


def _reports(kind: type[psycopg.Error]) -> Fail:
    def fail(_connection: Any) -> None:
        raise kind("on purpose")

    return fail


def _hangs_up(connection: Any) -> None:
    connection.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


# Trouble that is answered with 503; nothing of the change is stored.
HARD: dict[str, dict[str, Fail]] = {
    "sqlite": {
        "full": _says("database or disk is full"),
        "broken disk": _says("disk I/O error"),
        "locked": _says("database is locked"),
    },
    "postgresql": {
        "gone": _hangs_up,
        "full": _reports(errors.DiskFull),
        "shutting down": _reports(errors.AdminShutdown),
        "lock timeout": _reports(errors.LockNotAvailable),
    },
}
# Trouble that nobody outside hears of: Postgres undid the change for the sake of another one.
SOFT: dict[str, Fail] = {
    "deadlock": _reports(errors.DeadlockDetected),
    "serialization": _reports(errors.SerializationFailure),
}


@dataclass(slots=True)
class Breaker:
    """Counts what is said to the database, and makes one thing of it fail."""

    fail: Fail | None = None
    at: int = 0  # 1 is the first statement
    stays: bool = False  # all that comes after it fails, too
    after_commit: bool = False  # a commit that fails is done all the same: its answer is lost
    said: int = field(default=0)

    def arm(self, fail: Fail, at: int, *, after_commit: bool = False) -> None:
        """Let the `at`-th statement or commit from now on fail."""
        self.fail, self.at, self.said = fail, at, 0
        self.after_commit, self.stays = after_commit, False

    def disarm(self) -> bool:
        """Let everything work again; True if something failed."""
        has_failed = self.fail is not None and self.said >= self.at
        self.fail = None
        return has_failed

    def hear(self, connection: Any) -> None:
        """Take note of a statement; fail if it is its turn."""
        if self.is_due() and self.fail is not None:
            self.fail(connection)

    def is_due(self) -> bool:
        """Count one statement or commit; True if it must fail."""
        self.said += 1
        return self.said == self.at or (self.stays and self.said > self.at)


@contextmanager
def breakable(database: Database) -> Iterator[Breaker]:
    """Put a breaker between a database's changes and its driver, before its first change."""
    breaker = Breaker()
    engine: Engine = getattr(database, "_write_engine", database.engine)
    commit = engine.dialect.do_commit

    def connect(_dialect: object, _record: object, _args: object, options: Any) -> None:
        if engine.dialect.name == "sqlite":
            options["factory"] = _sqlite_connection(breaker)
        else:
            options["cursor_factory"] = _psycopg_cursor(breaker)

    def do_commit(connection: Any) -> None:
        if breaker.is_due() and breaker.fail is not None:
            if breaker.after_commit:
                commit(connection)
            breaker.fail(getattr(connection, "dbapi_connection", connection))
        commit(connection)

    event.listen(engine, "do_connect", connect)
    vars(engine.dialect)["do_commit"] = do_commit
    try:
        yield breaker
    finally:
        del vars(engine.dialect)["do_commit"]


def _sqlite_connection(breaker: Breaker) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, *said: Any) -> Any:
            breaker.hear(self.connection)
            return super().execute(*said)

        def executemany(self, *said: Any) -> Any:
            breaker.hear(self.connection)
            return super().executemany(*said)

    class Connection(sqlite3.Connection):
        def cursor(self, _factory: object = None) -> Any:
            return super().cursor(Cursor)

    return Connection


def _psycopg_cursor(breaker: Breaker) -> type[psycopg.Cursor[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *said: Any, **how: Any) -> Any:
            if query != PING:
                breaker.hear(self.connection)
            return super().execute(query, *said, **how)

        def executemany(self, *said: Any, **how: Any) -> Any:
            breaker.hear(self.connection)
            return super().executemany(*said, **how)

    return Cursor
