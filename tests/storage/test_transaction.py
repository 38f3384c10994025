"""Changes of one study that share a transaction write once, and nobody notices."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid.storage import events, idempotency, observations, studies, tables, trials
from beliefgrid.storage.engine import Database
from beliefgrid.storage.errors import OverlapError
from tests.storage.conftest import NOW, observation_row, trial_row
from tests.storage.test_keys import key_row

Work = Callable[[Connection], Any]


def together(database: Database, study: str, *works: Work) -> list[Future[Any]]:
    """Run changes of one study that wait at the same moment."""
    gate = threading.Event()
    database.write(lambda _c: gate.wait(5), study)
    futures = [database.write(work, study) for work in works]
    gate.set()
    for future in futures:
        future.exception(10)
    return futures


def bump(study: str) -> Work:
    """Return a change that counts in the study's row what it finds there."""

    def work(c: Connection) -> int:
        row = studies.lock(c, study)
        assert row is not None
        studies.change(c, study, {"seq": row.seq + 1})
        events.add(c, [events.row(study, row.seq + 1, "bumped", NOW)])
        return int(row.seq)

    return work


def test_each_sees_the_study_as_the_one_before_left_it(database: Database, study: str) -> None:
    """And the row and the events are there at the end."""
    futures = together(database, study, *(bump(study) for _ in range(4)))

    assert [future.result() for future in futures] == [1, 2, 3, 4]
    row = database.read(lambda c: studies.find(c, study)).result()
    assert row is not None
    assert row.seq == 5
    told = database.read(lambda c: events.after(c, study, 1, 10)).result()
    assert [event.seq for event in told] == [2, 3, 4, 5]


def test_one_that_refuses_leaves_no_trace(database: Database, study: str) -> None:
    """What it put off is dropped, and the others go on from where it began."""

    def refuse(c: Connection) -> None:
        bump(study)(c)
        raise ValueError("no")

    one, refused, two = together(database, study, bump(study), refuse, bump(study))

    assert (one.result(), two.result()) == (1, 2)
    with pytest.raises(ValueError, match="no"):
        refused.result()
    told = database.read(lambda c: events.after(c, study, 1, 10)).result()
    assert [event.seq for event in told] == [2, 3]


def test_one_that_fails_after_it_wrote_is_undone(database: Database, study: str) -> None:
    """All are, and run again alone."""

    def write_and_fail(c: Connection) -> None:
        bump(study)(c)
        c.execute(tables.studies.update().values(notes="never"))  # has what waits written first
        raise ValueError("no")

    one, failed, two = together(database, study, bump(study), write_and_fail, bump(study))

    assert (one.result(), two.result()) == (1, 2)
    with pytest.raises(ValueError, match="no"):
        failed.result()
    row = database.read(lambda c: studies.find(c, study)).result()
    assert row is not None
    assert (row.seq, row.notes) == (3, "")


def test_what_waits_is_seen_by_those_who_look(database: Database, study: str) -> None:
    """A trial, its worker, its cell, its outcome, a key: each is written before it is read."""

    def lease(c: Connection) -> None:
        trials.add(c, trial_row(study, 1, cell=4, worker="w"))
        idempotency.add(c, key_row("k", "1"))

    def look(c: Connection) -> tuple[Any, ...]:
        held = [row.number for row in trials.held_by(c, study, "w", 5)]
        key = idempotency.find(c, key_row("k", "1")["scope"], "k")
        return held, trials.is_taken(c, study, 4), key is not None

    def tell(c: Connection) -> bool:
        row = trials.find(c, study, 1)
        assert row is not None
        observations.add(c, observation_row(study, row.id, 2, cell=4, value=1.0))
        return trials.move(c, row, ("active",), {"state": "completed"})

    def look_again(c: Connection) -> tuple[Any, ...]:
        row = trials.find(c, study, 1)
        assert row is not None
        held = trials.held_by(c, study, "w", 5)
        return row.state, row.value, row.is_cell_closed, held, observations.is_closed(c, study, 4)

    futures = together(database, study, lease, look, tell, look_again)

    assert [future.result() for future in futures] == [
        None,
        ([1], True, True),
        True,
        ("completed", 1.0, True, [], True),
    ]


def test_a_key_that_was_taken_meanwhile_is_told_at_the_end(database: Database, study: str) -> None:
    """The one that lost looks again; who shared its transaction is not disturbed."""
    database.write(lambda c: idempotency.add(c, key_row("k", "1"))).result()

    late, other = together(
        database, study, lambda c: idempotency.add(c, key_row("k", "2")), bump(study)
    )

    assert isinstance(late.exception(), OverlapError)
    assert other.result() == 1
