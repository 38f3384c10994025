"""One database, two ways in: durable writes and consistent reads.

SQLite has one writer thread with group commit: all changes that wait at the moment share one
transaction, each in a savepoint of its own, and are answered after the COMMIT. Postgres has a
pool of connections; changes of one study would wait for each other's lock anyway, so those that
wait share a transaction there, too. Both hand back futures, so that a web server can wait for
them without a thread of its own.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from beliefgrid.storage.errors import (
    DatabaseInUseError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from beliefgrid.storage.notices import Notices, Touched
from beliefgrid.storage.prepared import Prepared

T = TypeVar("T")
Work = Callable[[Connection], T]

READERS = 8
WRITERS = 20
BATCH = 256  # changes that share one COMMIT at most: bounds how long the first one waits
ATTEMPTS = 5
FULL = "53100"
# Connection lost, no resources, a lock not had in time, the operator's doing, system trouble.
AWAY = ("08", "53", "55P03", "57", "58")
SQLITE_AWAY = (
    "locked", "disk i/o", "unable to open", "readonly", "malformed", "not a database",
)  # fmt: skip
UNDONE = ("40001", "40P01")  # serialization failure, deadlock: nothing was stored
TOUCHED = "beliefgrid_touched"
NOTED = "beliefgrid_noted"


def touch(connection: Connection, study_id: str, *, is_behind: bool = False) -> None:
    """Note that this transaction changes a study, for those who are told after the commit."""
    touched: Touched = connection.info.setdefault(TOUCHED, {})
    touched[study_id] = is_behind or touched.get(study_id, False)


def note_events(connection: Connection, kinds: list[str]) -> None:
    """Note the kinds of events that this transaction stores, for those who count commits."""
    connection.info.setdefault(NOTED, []).extend(kinds)


class Database(Protocol):
    """What the rest of the service sees of a database."""

    @property
    def url(self) -> URL: ...
    @property
    def engine(self) -> Engine: ...
    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:
        """Run one durable change; the future is done when it is committed or undone.

        Changes that name the same study may share a transaction. What fails is undone, and what
        shared the transaction is run again.
        """

    def read(self, work: Work[T]) -> Future[T]:
        """Run queries in one consistent view."""

    def close(self) -> None:
        """Finish what is under way and let go of every connection."""


OnCommit = Callable[[Touched], None]


OnCount = Callable[[int, list[str]], None]  # changes in a COMMIT, kinds of their events


def tell_nobody(_touched: Touched) -> None:
    """Take the news of a commit where nobody waits for it."""


def count_nothing(_changes: int, _kinds: list[str]) -> None:
    """Take the numbers of a commit where nobody counts."""


def open_database(
    url: str, on_commit: OnCommit = tell_nobody, on_count: OnCount = count_nothing
) -> Database:
    """Open the database that a URL names.

    Raises:
        DatabaseInUseError: another process serves this SQLite file.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, on_commit, on_count)
    return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), on_commit, on_count)


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
        said = str(error.orig).lower()
        is_full = "disk is full" in said
        is_away = any(word in said for word in SQLITE_AWAY)
    if is_full:
        return StorageFullError("the database has no room left")
    if is_away or error.connection_invalidated:
        return StorageUnavailableError("the database does not answer")
    return error


@dataclass(frozen=True, slots=True)
class _Change:
    work: Callable[[Connection], Any]
    future: Future[Any]


# ---------------------------------------------------------------- SQLite
_SAVE, _UNDO, _RELEASE = (
    Prepared(text(f"{does} change")) for does in ("SAVEPOINT", "ROLLBACK TO", "RELEASE")
)


def sqlite_engine(url: URL, *, writes: bool) -> Engine:
    """Return an engine whose transactions are SQLite's own, not the driver's guess."""
    pool: dict[str, Any] = {"poolclass": NullPool} if writes else {"pool_size": READERS}
    engine = create_engine(url, connect_args={"check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
            f"query_only={'OFF' if writes else 'ON'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails at once, whatever the timeout.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class SqliteDatabase:
    """One file, one process, one writing connection."""

    def __init__(self, url: URL, on_commit: OnCommit, on_count: OnCount) -> None:
        self.url = url
        self._lock = claim_file(url)
        self._on_commit, self._on_count = on_commit, on_count
        self.engine = sqlite_engine(url, writes=False)
        self._write_engine = sqlite_engine(url, writes=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._queue: SimpleQueue[_Change | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._writer.start()

    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:  # noqa: ARG002 - all share
        future: Future[T] = Future()
        self._queue.put(_Change(work, future))
        return future

    def read(self, work: Work[T]) -> Future[T]:
        return self._readers.submit(_in_transaction, self.engine, work)

    def close(self) -> None:
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()
        self._write_engine.dispose()
        os.close(self._lock)

    def _write_all(self) -> None:
        connection: Connection | None = None
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            try:
                connection = connection or self._write_engine.connect()
                outcomes, touched, kinds = _commit_together(connection, batch)
            except BaseException as error:  # noqa: BLE001 - the caller of each change gets it
                _fail_all(batch, error)
                _close(connection)
                connection = None
                continue
            for future, result, failure in outcomes:
                if failure is None:
                    future.set_result(result)
                else:
                    future.set_exception(failure)
            if batch:
                self._on_count(len(batch), kinds)
            if touched:
                self._on_commit(touched)
        _close(connection)

    def _next_batch(self) -> tuple[list[_Change], bool]:
        batch: list[_Change] = []
        while len(batch) < BATCH and not (batch and self._queue.empty()):
            change = self._queue.get()
            if change is None:
                return batch, False
            if change.future.set_running_or_notify_cancel():
                batch.append(change)
        return batch, True


def _fail_all(batch: list[_Change], error: BaseException) -> None:
    problem = translated(error) if isinstance(error, DBAPIError) else error
    for change in batch:
        change.future.set_exception(problem)


def _close(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


def _commit_together(
    connection: Connection, batch: list[_Change]
) -> tuple[list[tuple[Future[Any], Any, BaseException | None]], Touched, list[str]]:
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    if not batch:
        return [], {}, []
    connection.info.pop(TOUCHED, None)
    kinds: list[str] = []
    connection.info[NOTED] = kinds
    with connection.begin():
        for change in batch:
            _SAVE.run(connection, {})
            kept = len(kinds)
            try:
                outcomes.append((change.future, change.work(connection), None))
            except Exception as error:
                if isinstance(error, DBAPIError) and isinstance(translated(error), StorageError):
                    raise  # the file itself is in trouble: undo the whole batch
                _UNDO.run(connection, {})
                del kinds[kept:]
                outcomes.append((change.future, None, error))
            _RELEASE.run(connection, {})
    return outcomes, connection.info.pop(TOUCHED, {}), kinds


def claim_file(url: URL) -> int:
    """Return the handle of a SQLite file's lock, which is ours until it is closed."""
    if url.database is None or url.database == ":memory:":
        raise StorageError(
            "expected a SQLite file, got a database in memory; name a file, as in "
            "sqlite:///beliefgrid.db"
        )
    path = Path(f"{url.database}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageUnavailableError(f"cannot open {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise DatabaseInUseError(
            f"another beliefgrid already serves {url.database}; stop it first, or use Postgres, "
            "which any number of servers can share"
        ) from error
    return handle


# ---------------------------------------------------------------- Postgres
class PostgresDatabase:
    """A server that any number of our processes share."""

    def __init__(self, url: URL, on_commit: OnCommit, on_count: OnCount) -> None:
        self.url = url
        self._on_commit, self._on_count = on_commit, on_count
        self._notices = Notices(url, on_commit)
        self.engine = create_engine(
            url,
            pool_size=WRITERS,
            max_overflow=READERS + 2,  # claims, and one to spare
            connect_args={
                "options": "-c lock_timeout=5s -c statement_timeout=30s "
                "-c idle_in_transaction_session_timeout=30s -c timezone=UTC",
                "connect_timeout": 5,
            },
        )
        self._read_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._lanes: dict[str, list[_Change]] = {}  # studies that a thread writes; what waits
        self._lanes_lock = threading.Lock()
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:
        change = _Change(work, Future())
        if study_id is None:
            self._writers.submit(self._write, [change])
            return change.future
        with self._lanes_lock:
            waiting = self._lanes.get(study_id)
            if waiting is None:
                self._writers.submit(self._write_lane, study_id)
                waiting = self._lanes[study_id] = []
            waiting.append(change)
        return change.future

    def read(self, work: Work[T]) -> Future[T]:
        return self._readers.submit(_on_postgres, self._read_engine, work)

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._notices.close()
        self.engine.dispose()

    def _write_lane(self, study_id: str) -> None:
        """Write what waits of one study, and what comes meanwhile."""
        while True:
            with self._lanes_lock:
                batch = self._lanes[study_id][:BATCH]
                del self._lanes[study_id][:BATCH]
                if not batch:
                    del self._lanes[study_id]
                    return
            self._write(batch)

    def _write(self, batch: list[_Change]) -> None:
        self._store([one for one in batch if one.future.set_running_or_notify_cancel()])

    def _store(self, batch: list[_Change]) -> None:
        try:
            results, touched, kinds = self._commit(batch)
        except BaseException as error:  # noqa: BLE001 - the caller of the change gets it
            if len(batch) <= 1 or isinstance(error, StorageError):
                _fail_all(batch, error)
                return
            for change in batch:  # nothing is stored yet; now each gets what it deserves
                self._store([change])
            return
        for change, result in zip(batch, results, strict=True):
            change.future.set_result(result)
        self._on_count(len(batch), kinds)
        if touched:
            self._on_commit(touched)
            self._notices.send(touched)

    def _commit(self, batch: list[_Change]) -> tuple[list[Any], Touched, list[str]]:
        def work(connection: Connection) -> tuple[list[Any], Touched, list[str]]:
            connection.info.pop(TOUCHED, None)
            connection.info[NOTED] = []
            results = [change.work(connection) for change in batch]
            return results, connection.info.pop(TOUCHED, {}), connection.info.pop(NOTED)

        return _on_postgres(self.engine, work)


def _on_postgres(engine: Engine, work: Work[T]) -> T:
    """Run a transaction; again, if Postgres undid it for another, or a session was lost before.

    Sessions are not tried out beforehand, which would cost a round trip each time. What was
    lost while it committed is not run again: nobody knows whether it is stored.
    """
    for _ in range(ATTEMPTS - 1):
        is_done = False
        try:
            with engine.begin() as connection:
                result = work(connection)
                is_done = True
        except DBAPIError as error:
            is_lost = error.connection_invalidated and not is_done
            if is_lost:
                engine.dispose()  # the other idle sessions are likely lost, too
            elif getattr(error.orig, "sqlstate", None) not in UNDONE:
                raise translated(error) from error
        else:
            return result
    return _in_transaction(engine, work)


def _in_transaction(engine: Engine, work: Work[T]) -> T:
    with storage_errors(), engine.begin() as connection:
        return work(connection)
