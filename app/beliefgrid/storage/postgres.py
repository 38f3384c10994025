"""Postgres: a server that any number of our processes share."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from beliefgrid.storage import group, transaction
from beliefgrid.storage.errors import UNDONE, StorageError, storage_errors, translated
from beliefgrid.storage.group import Change, Done, OnCommit, OnCount, Work
from beliefgrid.storage.lanes import Lanes
from beliefgrid.storage.notices import Notices
from beliefgrid.storage.silence import Silence, connect_options
from beliefgrid.storage.statistics import Statistics

T = TypeVar("T")

READERS = 8
WRITERS = 20
ATTEMPTS = 5


class PostgresDatabase:
    """A server that any number of our processes share."""

    def __init__(self, url: URL, on_commit: OnCommit, on_count: OnCount) -> None:
        self.url = url
        self._on_commit, self._on_count = on_commit, on_count
        self._notices = Notices(url, on_commit)
        self.engine = create_engine(
            url,
            pool_size=WRITERS,
            pool_use_lifo=True,  # few sessions stay warm: each prepares its own statements
            max_overflow=READERS + 2,  # claims, and one to spare
            connect_args={
                "options": "-c lock_timeout=5s -c statement_timeout=30s "
                "-c idle_in_transaction_session_timeout=30s -c timezone=UTC",
                **connect_options(url),
            },
        )
        transaction.watch(self.engine)
        self._silence = Silence(self.engine)
        self._read_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._statistics = Statistics(self.engine)
        self._lanes = Lanes(WRITERS // 2)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:
        change = Change(work, Future(), puts_off=study_id is not None)
        if study_id is None:
            self._writers.submit(self._write, [change])
            return change.future
        if self._lanes.add(study_id, change):
            self._writers.submit(self._write_lanes)
        return change.future

    def read(self, work: Work[T]) -> Future[T]:
        return self._readers.submit(self._run, self._read_engine, work)

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._notices.close()
        self._silence.close()
        self.engine.dispose()

    def _write_lanes(self) -> None:
        for batch in self._lanes.batches():
            self._write(batch)

    def _write(self, batch: list[Change]) -> None:
        self._store([one for one in batch if one.future.set_running_or_notify_cancel()])

    def _store(self, batch: list[Change]) -> None:
        try:
            done = self._commit(batch)
        except BaseException as error:  # noqa: BLE001 - whoever awaits a future left open hangs
            if len(batch) <= 1 or isinstance(error, StorageError):
                group.fail_all(batch, error)
                return
            for change in batch:  # nothing is stored yet; now each gets what it deserves
                self._store([change])
            return
        done.answer(self._on_count)
        if done.touched:
            self._on_commit(done.touched)
            self._notices.send(done.touched)
        if self._statistics.is_due(len(batch)):
            self._readers.submit(self._statistics.look)  # they end after the writers

    def _commit(self, batch: list[Change]) -> Done:
        return self._run(self.engine, lambda c: group.run(c, batch))

    def _run(self, engine: Engine, work: Work[T]) -> T:
        self._silence.require_answers()  # nobody begins to wait
        return _on_postgres(engine, work)


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
