"""What can go wrong between us and the database, in the service's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

FULL = "53100"
# Connection lost, no resources, a lock not had in time, the operator's doing, system trouble.
AWAY = ("08", "53", "55P03", "57", "58")
SQLITE_AWAY = (
    "locked", "disk i/o", "unable to open", "readonly", "malformed", "not a database",
)  # fmt: skip
NO_ROOM, NO_ANSWER = "the database has no room left", "the database does not answer"
SQLITE_FULL = ("SQLITE_IOERR_SHMSIZE",)  # what the log needs beside the file cannot grow
UNDONE = ("40001", "40P01")  # serialization failure, deadlock: nothing was stored


class StorageError(Exception):
    """The database did not take the change; nothing of it was stored."""


class StorageFullError(StorageError):
    """There is no room left for the change."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached, or is busy for longer than we wait."""


class SchemaError(StorageError):
    """The database's tables are not the ones this release works with."""


class DatabaseInUseError(StorageError):
    """Another process already serves this SQLite file."""


class DamagedError(StorageError):
    """What is in the SQLite file contradicts itself."""


class OverlapError(Exception):
    """The same was done in another transaction meanwhile: undo, and look again."""


@contextmanager
def storage_errors() -> Iterator[None]:
    """Tell a database's own troubles in the service's words."""
    try:
        yield
    except DBAPIError as error:
        raise translated(error) from error


def translated(error: DBAPIError) -> StorageError | DBAPIError:
    """Return the service's error for trouble with the database itself, else the same one."""
    cause: Any = error.orig
    if hasattr(cause, "sqlstate"):  # psycopg's, which is not loaded to serve from SQLite
        # Without one the server did not even answer, or was not even asked: a NUL in a text.
        did_ask = isinstance(error, OperationalError | InterfaceError)
        state = cause.sqlstate or (AWAY[0] if did_ask else "")
        # What is undone time and again, however often it is tried, is as good as no answer.
        is_full, is_away = state == FULL, state.startswith((*AWAY, *UNDONE))
    else:
        is_full, is_away = _as_sqlite_says(error.orig)
    if is_full:
        return StorageFullError(NO_ROOM)
    if is_away or error.connection_invalidated:
        return StorageUnavailableError(NO_ANSWER)
    return error


@contextmanager
def sqlite_errors() -> Iterator[None]:
    """Tell SQLite's own troubles in the service's words, where it is used without SQLAlchemy."""
    import sqlite3

    try:
        yield
    except sqlite3.OperationalError as error:
        is_full, _ = _as_sqlite_says(error)
        if is_full:
            raise StorageFullError(NO_ROOM) from error
        raise StorageUnavailableError(f"{NO_ANSWER}: {error}") from error


def _as_sqlite_says(error: BaseException | None) -> tuple[bool, bool]:
    """Return whether there is no room, and whether the file does not answer."""
    said = str(error).lower()
    is_full = "disk is full" in said or getattr(error, "sqlite_errorname", "") in SQLITE_FULL
    return is_full, any(word in said for word in SQLITE_AWAY)
