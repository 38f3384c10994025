"""SQLite: one file, one process, one writing connection whose transactions are shared."""

import fcntl
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from beliefgrid.storage import group, transaction
from beliefgrid.storage.errors import (
    DatabaseInUseError,
    StorageError,
    StorageUnavailableError,
    storage_errors,
    translated,
)
from beliefgrid.storage.group import Change, OnCommit, OnCount, Work
from beliefgrid.storage.soundness import require_sound

T = TypeVar("T")

READERS = 8


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
        try:
            require_sound(Path(str(url.database)))
        except BaseException:
            os.close(self._lock)
            raise
        self._on_commit, self._on_count = on_commit, on_count
        self.engine = sqlite_engine(url, writes=False)
        self._write_engine = sqlite_engine(url, writes=True)
        transaction.watch(self._write_engine)
        self._connection: Connection | None = None  # the one that writes
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._queue: SimpleQueue[Change | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._writer.start()

    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:
        future: Future[T] = Future()
        self._queue.put(Change(work, future, puts_off=study_id is not None))
        return future

    def read(self, work: Work[T]) -> Future[T]:
        return self._readers.submit(_read, self.engine, work)

    def close(self) -> None:
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()
        self._write_engine.dispose()
        os.close(self._lock)

    def _write_all(self) -> None:
        is_open = True
        while is_open:
            batch, is_open = self._next_batch()
            if batch:
                self._store(batch)
        self._let_go()

    def _store(self, batch: list[Change]) -> None:
        try:
            self._connection = self._connection or self._write_engine.connect()
            with self._connection.begin():
                done = group.run(self._connection, batch)
        except BaseException as error:  # noqa: BLE001 - whoever awaits a future left open hangs
            if len(batch) > 1 and not _is_trouble(error):
                for change in batch:  # nothing is stored yet; now each gets what it deserves
                    self._store([change])
                return
            if not isinstance(error, Exception) or isinstance(error, SQLAlchemyError):
                self._let_go()
            group.fail_all(batch, error)
            return
        done.answer(self._on_count)
        if done.touched:
            self._on_commit(done.touched)

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def _next_batch(self) -> tuple[list[Change], bool]:
        batch: list[Change] = []
        while len(batch) < group.BATCH and not (batch and self._queue.empty()):
            change = self._queue.get()
            if change is None:
                return batch, False
            if change.future.set_running_or_notify_cancel():
                batch.append(change)
        return batch, True


def _is_trouble(error: BaseException) -> bool:
    """Say whether the file itself is in trouble, so that others would fare no better."""
    return isinstance(error, DBAPIError) and isinstance(translated(error), StorageError)


def _read(engine: Engine, work: Work[T]) -> T:
    with storage_errors(), engine.begin() as connection:
        return work(connection)


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
