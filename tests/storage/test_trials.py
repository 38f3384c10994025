"""Trials: found, moved by compare-and-set, listed in every order, never live twice in a cell."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from beliefgrid.storage import observations, trial_lists, trials
from beliefgrid.storage.engine import Database, open_database
from beliefgrid.storage.rows import AnyRow, CursorError
from tests.storage.conftest import NOW, observation_row, trial_row


def found(c: Connection, study: str, number: int) -> AnyRow:
    """Return a trial that is there."""
    row = trials.find(c, study, number)
    assert row is not None
    return row


@pytest.fixture
def five(database: Database, study: str) -> list[int]:
    """Five trials: numbers 1 to 5 with the values 3, 1, none, 1, 2; trial 3 is active."""

    def work(c: Connection) -> list[int]:
        ids = []
        for number, value in enumerate((3.0, 1.0, None, 1.0, 2.0), start=1):
            state = "active" if value is None else "completed"
            trials.add(c, trial_row(study, number, state=state))
            ids.append(found(c, study, number).id)
            if value is not None:
                row = observation_row(study, ids[-1], number, cell=number - 1, value=value)
                observations.add(c, row)
        return ids

    return database.write(work).result()


def test_a_trial_comes_with_its_result(database: Database, study: str, five: list[int]) -> None:
    """One row has both; without a result its outcome is None."""
    first = database.read(lambda c: trials.find(c, study, 1)).result()
    third = database.read(lambda c: trials.find(c, study, 3)).result()

    assert first is not None
    assert (first.id, first.value, first.outcome) == (five[0], 3.0, "value")
    assert first.assignments == {"a": 1}
    assert first.lease_expires_at == NOW
    assert third is not None
    assert (third.value, third.outcome) == (None, None)


@pytest.mark.usefixtures("five")
def test_a_move_happens_once(database: Database, study: str) -> None:
    """Only from a state that it may come from; the answer tells who won."""

    def move(c: Connection) -> bool:
        row = found(c, study, 3)
        return trials.move(c, row, ("active", "expired"), {"state": "completed"})

    assert database.write(move).result() is True
    assert database.write(move).result() is False


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("number", [1, 2, 3, 4, 5]),
        ("-number", [5, 4, 3, 2, 1]),
        ("value", [2, 4, 5, 1]),
        ("-value", [1, 5, 2, 4]),
    ],
)
def test_pages_put_together_are_the_list(
    database: Database, study: str, sort: str, numbers: list[int]
) -> None:
    """Whatever the order, nothing is skipped or repeated at a page's end, equal values too."""
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        read = partial(trial_lists.page, study_id=study, sort=sort, cursor=cursor, limit=2)
        page = database.read(read).result()
        found += [row.number for row in page.items]
        cursor = page.next_cursor

    assert found == numbers


@pytest.mark.usefixtures("five")
def test_a_list_is_narrowed(database: Database, study: str) -> None:
    """By state and by worker."""

    def numbers(**narrowed: Any) -> list[int]:
        page = database.read(lambda c: trial_lists.page(c, study, **narrowed)).result()
        return [row.number for row in page.items]

    assert numbers(state="active") == [3]
    assert numbers(worker="w", state="completed") == [1, 2, 4, 5]
    assert numbers(worker="other") == []
    with pytest.raises(CursorError, match="one of number"):
        numbers(sort="colour")


def test_no_cell_is_live_twice(database: Database, study: str) -> None:
    """The database itself refuses a second live trial of a suggested cell."""
    database.write(lambda c: trials.add(c, trial_row(study, 1, cell=4))).result()

    with pytest.raises(IntegrityError):
        database.write(lambda c: trials.add(c, trial_row(study, 2, cell=4))).result()
    queued = trial_row(study, 2, cell=4, source="queued")
    database.write(lambda c: trials.add(c, queued)).result()


def test_a_number_is_used_once(database: Database, study: str) -> None:
    """Two trials of one study differ in their numbers."""
    database.write(lambda c: trials.add(c, trial_row(study, 1))).result()

    with pytest.raises(IntegrityError):
        database.write(lambda c: trials.add(c, trial_row(study, 1, cell=5))).result()


@pytest.mark.usefixtures("five")
def test_leases_that_ran_out_are_found(database: Database, study: str) -> None:
    """At their last moment and after it."""

    def look(c: Connection) -> tuple[Any, ...]:
        later, earlier = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
        return (
            [row.number for row in trials.overdue(c, study, NOW)],
            trials.overdue(c, study, earlier),
            trials.studies_with_overdue(c, later),
            trials.studies_with_overdue(c, earlier),
            trials.next_expiry(c, study),
        )

    assert database.read(look).result() == ([3], [], [study], [], NOW)


@pytest.mark.usefixtures("five")
def test_cells_are_told_apart(database: Database, study: str) -> None:
    """Taken, pending, open: each counts what it says."""

    def look(c: Connection) -> tuple[Any, ...]:
        return (
            trials.taken_cells(c, study),
            trials.pending_cells(c, study),
            trials.open_cells(c, study),
            trials.is_taken(c, study, 2),
            trials.is_taken(c, study, 8),
        )

    assert database.read(look).result() == ({0, 1, 2, 3, 4}, [2], 1, True, False)


@pytest.mark.usefixtures("five")
def test_many_trials_are_stored_at_once(database: Database, study: str) -> None:
    """And their rows' ids come back by number."""
    rows = [trial_row(study, number, state="completed") for number in range(6, 500)]

    ids = database.write(lambda c: trials.add_many(c, rows)).result()

    assert set(ids) == set(range(6, 500))
    every = database.read(lambda c: [row.number for row in trial_lists.every(c, study)]).result()
    assert every == list(range(1, 500))


def test_observations_are_read_as_of_an_event(
    database: Database, study: str, five: list[int]
) -> None:
    """What was known at any moment can be read back, removed results included."""
    database.write(lambda c: observations.remove(c, five[1], 7)).result()

    def cells(seq: int) -> list[int]:
        return [
            row.cell for row in database.read(lambda c: observations.at(c, study, seq)).result()
        ]

    assert cells(2) == [0, 1]
    assert cells(6) == [0, 1, 3, 4]
    assert cells(7) == [0, 3, 4]
    assert database.write(lambda c: observations.remove(c, five[1], 8)).result() is False


def test_one_result_counts_per_trial(database: Database, study: str, five: list[int]) -> None:
    """The database itself refuses a second one, unless the first was removed."""
    again = observation_row(study, five[0], 9)

    with pytest.raises(IntegrityError):
        database.write(lambda c: observations.add(c, again)).result()
    database.write(lambda c: observations.remove(c, five[0], 8)).result()
    database.write(lambda c: observations.add(c, again)).result()


def test_what_a_worker_holds_is_found_among_live_trials(sqlite_url: str) -> None:
    """However many it had before: the plan reads the index of live trials only."""
    database = open_database(sqlite_url)

    plan = database.read(_plan_of_held).result()

    assert "ix_trials_live_worker" in plan
    database.close()


def _plan_of_held(c: Connection) -> str:
    query = trials.HELD.compile(dialect=c.dialect)
    values = tuple(query.params[name] or "" for name in query.positiontup or ())
    rows = c.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
    return " ".join(row.detail for row in rows)
