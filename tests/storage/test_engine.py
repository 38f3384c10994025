"""Durable writes, consistent reads, and what happens when the database is in trouble."""

import threading
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from beliefgrid.storage import studies
from beliefgrid.storage.engine import Database, open_database
from beliefgrid.storage.errors import (
    DatabaseInUseError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
    storage_errors,
    translated,
)
from beliefgrid.storage.notices import Touched
from beliefgrid.storage.transaction import touch
from tests.storage.conftest import study_row


def test_a_change_is_seen_by_the_next_read(database: Database) -> None:
    """A write that is done is there."""
    database.write(lambda c: studies.add(c, study_row("st_1"))).result()

    assert database.read(lambda c: studies.find(c, "st_1")).result() is not None


def test_a_change_that_fails_leaves_nothing(database: Database) -> None:
    """What a change did before it failed is undone."""

    def work(c: Connection) -> None:
        studies.add(c, study_row("st_1"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        database.write(work).result()

    assert database.read(lambda c: studies.find(c, "st_1")).result() is None


def test_changes_that_wait_together_fail_alone(database: Database) -> None:
    """One bad change does not undo those that share its transaction."""
    gate = threading.Event()
    database.write(lambda _c: gate.wait(5), "st")
    futures: list[Future[None]] = [
        database.write(partial(studies.add, row=study_row(f"st_{i % 3}")), "st") for i in range(4)
    ]
    gate.set()

    failures = [type(future.exception()) for future in futures]
    assert failures.count(IntegrityError) == 1
    assert failures.count(type(None)) == 3
    assert len(database.read(studies.behind).result()) == 3


def test_who_waits_is_told_after_the_commit(database_url: str) -> None:
    """The news of a change names its study and whether the posterior must follow."""
    told: list[Touched] = []
    came = threading.Event()

    def hear(touched: Touched) -> None:
        told.append(touched)
        came.set()

    database = open_database(database_url, hear)

    def work(c: Connection) -> None:
        touch(c, "st_1")
        touch(c, "st_2", is_behind=True)
        touch(c, "st_2")

    database.write(work).result()
    came.wait(5)
    database.close()

    assert told == [{"st_1": False, "st_2": True}]


def test_a_read_sees_one_moment(database: Database, study: str) -> None:
    """What is committed during a read is not seen by it."""

    def look(c: Connection) -> list[int]:
        before = studies.find(c, study)
        database.write(lambda w: studies.change(w, study, {"seq": 7})).result()
        after = studies.find(c, study)
        assert before is not None
        assert after is not None
        return [before.seq, after.seq]

    assert database.read(look).result() == [1, 1]


def test_a_second_process_is_refused_a_sqlite_file(sqlite_url: str) -> None:
    """The message says what to do."""
    database = open_database(sqlite_url)

    with pytest.raises(DatabaseInUseError, match="use Postgres"):
        open_database(sqlite_url)

    database.close()
    open_database(sqlite_url).close()


def test_a_database_in_memory_is_refused() -> None:
    """It would be gone with the process, and has no second connection."""
    with pytest.raises(StorageError, match="name a file"):
        open_database("sqlite://")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageUnavailableError, match="cannot open"):
        open_database(f"sqlite:///{tmp_path}/file/x.db")


def test_sqlite_is_as_durable_as_it_can_be(sqlite_url: str) -> None:
    """A result that was acknowledged survives a power cut."""
    database = open_database(sqlite_url)

    def pragmas(c: Connection) -> tuple[Any, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(c.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names)

    assert database.write(pragmas).result() == ("wal", 2, 1)
    database.close()


def test_a_reader_of_sqlite_cannot_write(sqlite_url: str) -> None:
    """There is one writing connection."""
    database = open_database(sqlite_url)

    with pytest.raises(StorageUnavailableError):
        database.read(lambda c: studies.add(c, study_row("st_1"))).result()

    database.close()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("database or disk is full", StorageFullError),
        ("database is locked", StorageUnavailableError),
        ("disk I/O error", StorageUnavailableError),
        ("no such column: x", OperationalError),
    ],
)
def test_troubles_are_told_in_our_words(said: str, kind: type[Exception]) -> None:
    """What is the database's trouble is told apart from what is our bug."""
    error = OperationalError("SELECT 1", {}, Exception(said))

    assert type(translated(error)) is kind


def test_a_full_disk_undoes_the_batch_and_is_survived(sqlite_url: str) -> None:
    """Nothing of the batch is stored, and the next change works."""
    database = open_database(sqlite_url)

    def fill(c: Connection) -> None:
        studies.add(c, study_row("st_1"))
        c.exec_driver_sql("PRAGMA max_page_count=1")
        for i in range(200):
            studies.add(c, study_row(f"st_x{i}", notes="x" * 5000))

    with pytest.raises(StorageFullError):
        database.write(fill).result()
    assert database.read(lambda c: studies.find(c, "st_1")).result() is None
    database.write(lambda c: studies.add(c, study_row("st_2"))).result()
    assert database.read(lambda c: studies.find(c, "st_2")).result() is not None

    database.close()


def test_a_lost_session_of_postgres_is_survived(postgres_url: str) -> None:
    """The change in it is refused and undone; the next one has a new session."""
    database = open_database(postgres_url)

    def die(c: Connection) -> None:
        studies.add(c, study_row("st_1"))
        c.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StorageUnavailableError):
        database.write(die).result()
    assert database.read(lambda c: studies.find(c, "st_1")).result() is None

    database.close()


def test_sessions_that_were_lost_are_replaced(postgres_url: str) -> None:
    """A restart of Postgres between two changes is not noticed by the second."""
    database = open_database(postgres_url)
    for i in range(3):
        database.write(partial(studies.add, row=study_row(f"st_{i}"))).result()
    admin = open_database(postgres_url)
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    admin.write(lambda c: c.execute(others)).result()

    database.write(lambda c: studies.change(c, "st_1", {"seq": 5})).result()

    row = database.read(lambda c: studies.find(c, "st_1")).result()
    assert row is not None
    assert row.seq == 5
    database.close()
    admin.close()


def test_a_deadlock_is_run_again(postgres_url: str) -> None:
    """Of two changes that wait for each other one is undone by Postgres, and repeated."""
    database = open_database(postgres_url)
    for name in ("st_1", "st_2"):
        database.write(partial(studies.add, row=study_row(name))).result()
    met = threading.Barrier(2)
    runs: list[str] = []

    def work(c: Connection, first: str, second: str) -> None:
        runs.append(first)
        studies.lock(c, first)
        if len(runs) <= 2:
            met.wait(5)
        studies.lock(c, second)

    futures = [
        database.write(lambda c: work(c, "st_1", "st_2")),
        database.write(lambda c: work(c, "st_2", "st_1")),
    ]

    assert [future.result(20) for future in futures] == [None, None]
    assert len(runs) >= 3
    database.close()


def test_errors_that_are_our_bugs_stay_what_they_are(database: Database) -> None:
    """A statement that is wrong is not called trouble of the database."""
    with pytest.raises(DBAPIError) as caught, storage_errors():
        database.read(lambda c: c.exec_driver_sql("SELECT nonsense FROM studies")).result()

    assert not isinstance(caught.value, StorageError)
