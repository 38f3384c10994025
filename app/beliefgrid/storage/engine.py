"""One database, two ways in: durable writes and consistent reads.

SQLite has one writer thread with group commit: all changes that wait at the moment share one
transaction, and are answered after the COMMIT. Postgres has a pool of connections; asks and tells
that wait share a transaction there, too (`lanes`), and the rest has one each.
Both hand back futures, so that a web server can wait for them without a thread of its own.
"""

from concurrent.futures import Future
from typing import Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url

from beliefgrid.storage.group import OnCommit, OnCount, Work, count_nothing, tell_nobody
from beliefgrid.storage.postgres import PostgresDatabase
from beliefgrid.storage.sqlite import SqliteDatabase

T = TypeVar("T")


class Database(Protocol):
    """What the rest of the service sees of a database."""

    @property
    def url(self) -> URL: ...
    @property
    def engine(self) -> Engine: ...
    def write(self, work: Work[T], study_id: str | None = None) -> Future[T]:
        """Run one durable change; the future is done when it is committed or undone.

        Changes that name the same study may share a transaction, and then what they write may
        wait for its end. What fails is undone, and what shared the transaction is run again.
        """

    def read(self, work: Work[T]) -> Future[T]:
        """Run queries in one consistent view."""

    def close(self) -> None:
        """Finish what is under way and let go of every connection."""


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
