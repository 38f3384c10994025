"""Whatever happens, and in whatever order, the service keeps its promise.

Asks, tells, failures, heartbeats, lost answers, expiries, edits, late updates and restarts are
compared with a model in a dictionary, after every step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, func, select

from beliefgrid.actions import errors, expire, queue, reconcile, tell, trials_edit
from beliefgrid.actions.heartbeat import heartbeat
from beliefgrid.actions.release import release, stop
from beliefgrid.actions.update import Task, task
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.tables import events, observations, studies, trials
from tests.actions.conftest import Acting
from tests.support import sqlite
from tests.support.clock import Clock

WORKERS = ("a", "b", "c", None)
LEASE_S, HARD_S = 60, 600
OPEN = ("active", "queued")


@dataclass
class Known:
    """What the model knows of a trial."""

    cell: int
    state: str
    worker: str | None = None
    token: str | None = None
    expires: float = 0.0
    value: float | None = None
    is_suggested: bool = True
    is_deleted: bool = False


class ServiceMachine(RuleBasedStateMachine):
    """The service on one side, a dictionary of trials on the other."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.acting = Acting(open_database(self.url), self.clock)
        self.study = self.acting.create()
        self.acting.update(self.study)
        self.known: dict[int, Known] = {}
        self.late_task: Task | None = None
        self.time = 0.0
        self.last_seq = 0

    def teardown(self) -> None:
        self.acting.database.close()

    # ---------------------------------------------------------------- the rules
    @rule(worker=st.sampled_from(WORKERS), count=st.integers(1, 3))
    def ask(self, worker: str | None, count: int) -> None:
        """What comes back is the worker's own, or queued, or free; and all that there is."""
        self._expire_in_model()
        own = [n for n, k in self._shown() if k.state == "active" and k.worker == worker]
        try:
            asked = self.acting.ask(self.study, worker, count)
        except errors.WorkerQuarantinedError:
            return
        except (errors.AllLeasedError, errors.StudyExhaustedError):
            # What it noticed on the way, such as a cell to give up, was undone with it.
            self.sweep()
            assert not own or worker is None
            assert not self._waiting()
            assert not self._free_cells()
            return
        if worker is not None:
            assert [t.number for t in asked.trials[: len(own)]] == own[:count]
        assert len(asked.trials) <= count
        for trial in asked.trials:
            self._leased(trial, worker)

    def _leased(self, trial: Any, worker: str | None) -> None:
        known = self.known.get(trial.number)
        if known is None:
            assert trial.cell in self._free_cells()
            known = self.known[trial.number] = Known(trial.cell, "active")
        assert known.state in OPEN
        assert known.cell == trial.cell
        known.state, known.worker = "active", worker
        known.token, known.expires = trial.lease["token"], self.time + LEASE_S

    @precondition(lambda self: self._numbers())
    @rule(data=st.data(), value=st.sampled_from([0.5, 1.0, 2.0]), has_token=st.booleans())
    def observe(self, data: st.DataObject, value: float, *, has_token: bool) -> None:
        """A result is counted, or known already, or refused for a reason that the model has."""
        number = data.draw(st.sampled_from(self._numbers()))
        known = self.known[number]
        may = known.state in (*OPEN, "expired", "given up", "completed")
        told = {"lease_token": known.token} if has_token and known.token else {}
        try:
            trial = self.acting.do(tell.observe, self.study, number, value=value, **told)
        except errors.ObservationConflictError:
            assert known.state == "completed"
            assert known.value != value
        except errors.TrialFinishedError:
            assert not may
        except errors.LeaseExpiredError:
            assert self.time > known.expires + HARD_S
        else:
            assert trial.observations == 1
            if known.state == "completed":
                assert trial.replayed
                assert known.value == value
            known.state, known.value = "completed", value

    @precondition(lambda self: self._numbers())
    @rule(data=st.data(), kind=st.sampled_from(["failed", "infeasible"]))
    def fail(self, data: st.DataObject, kind: str) -> None:
        """A failure frees the cell, an infeasible cell is closed."""
        number = data.draw(st.sampled_from(self._numbers()))
        known = self.known[number]
        try:
            trial = self.acting.do(tell.fail, self.study, number, kind=kind, reason="x")
        except errors.TrialFinishedError:
            assert known.state not in (*OPEN, "expired")
        else:
            assert trial.state in (kind, "infeasible")
            known.state = "given up" if known.state == "given up" else trial.state

    @precondition(lambda self: self._numbers())
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        """A heartbeat prolongs a lease that is still there."""
        number = data.draw(st.sampled_from(self._numbers()))
        known = self.known[number]
        try:
            beat = self.acting.do(heartbeat, self.study, number)
        except errors.LeaseExpiredError:
            assert known.state in ("expired", "given up")
        except errors.TrialFinishedError:
            assert known.state not in ("active", "expired", "stopped", "cancelled")
        else:
            if known.state == "active":
                known.expires = self.time + LEASE_S
            else:
                assert beat.directive == "stop"

    @precondition(lambda self: self._numbers())
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """A released trial waits for the next worker."""
        number = data.draw(st.sampled_from(self._numbers()))
        known = self.known[number]
        try:
            self.acting.do(release, self.study, number)
        except errors.TrialFinishedError:
            assert known.state not in OPEN
        else:
            known.state, known.worker, known.token = "queued", None, None

    @precondition(lambda self: self._numbers())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A person ends a trial that has measured nothing."""
        number = data.draw(st.sampled_from(self._numbers()))
        known = self.known[number]
        try:
            self.acting.do(stop, self.study, number)
        except errors.TrialFinishedError:
            assert known.state not in (*OPEN, "cancelled")
        else:
            known.state = "cancelled"

    @rule(cell=st.integers(0, 8), value=st.sampled_from([None, 1.0]))
    def by_hand(self, cell: int, value: float | None) -> None:
        """A cell is queued or imported by hand, whatever is known of it."""
        where = {"rate": (0.001, 0.01, 0.1)[cell // 3], "size": (8, 16, 32)[cell % 3]}
        told = {} if value is None else {"observation": {"value": value}}
        trial = self.acting.do(queue.queue_trial, self.study, assignments=where, **told)
        assert trial.cell == cell
        self.known[trial.number] = Known(cell, trial.state, value=value, is_suggested=False)

    @precondition(lambda self: self._numbers())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A deleted trial is as if it had never been."""
        number = data.draw(st.sampled_from(self._numbers()))
        self.acting.do(trials_edit.delete_trial, self.study, number)
        self.known[number].is_deleted = True

    @precondition(lambda self: any(k.is_deleted for k in self.known.values()))
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """A restored one is back; if it was active, somebody else may have its cell."""
        gone = [n for n, k in self.known.items() if k.is_deleted]
        known = self.known[data.draw(st.sampled_from(gone))]
        number = next(n for n, k in self.known.items() if k is known)
        trial = self.acting.do(trials_edit.restore_trial, self.study, number)
        known.is_deleted, known.state = False, trial.state
        known.is_suggested = known.is_suggested and trial.state != "queued"

    @rule(seconds=st.sampled_from([1, 20, 61, 300, 700]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        self.time += seconds

    @rule()
    def sweep(self) -> None:
        """Leases that ran out are expired."""
        self._expire_in_model()
        self.acting.do(expire.expire, self.study)
        self.rows_agree_with_the_model()

    @rule()
    def update(self) -> None:
        """The posterior follows, and then there is nothing to do."""
        self.acting.update(self.study)
        assert self.acting.look(task, self.study) is None

    @rule()
    def begin_an_update(self) -> None:
        """An updater reads what is known, and takes its time."""
        self.late_task = self.acting.look(task, self.study)

    @precondition(lambda self: self.late_task is not None)
    @rule()
    def publish_late(self) -> None:
        """It publishes what is no longer the newest."""
        assert self.late_task is not None
        self.acting.publish(self.late_task)
        self.late_task = None

    @rule()
    def restart(self) -> None:
        """The process dies and another one opens the database."""
        self.acting.database.close()
        self.acting.database = open_database(self.url)
        assert self.acting.do(reconcile.reconcile) == 0

    # ---------------------------------------------------------------- the model
    def _numbers(self) -> list[int]:
        return [number for number, _ in self._shown()]

    def _shown(self) -> Iterator[tuple[int, Known]]:
        return ((n, k) for n, k in sorted(self.known.items()) if not k.is_deleted)

    def _waiting(self) -> list[int]:
        return [n for n, k in self._shown() if k.state == "queued"]

    def _free_cells(self) -> set[int]:
        taken = ("active", "queued", "completed", "infeasible", "given up", "stopped")
        return set(range(9)) - {k.cell for _, k in self._shown() if k.state in taken}

    def _expire_in_model(self) -> None:
        for _, known in self._shown():
            if known.state == "active" and self.time >= known.expires:
                known.state = "expired"

    # ---------------------------------------------------------------- what always holds
    @invariant()
    def rows_agree_with_the_model(self) -> None:
        """Each trial is where the model has it; which cells are given up the model is told."""
        rows = self.acting.look(_trials, self.study)
        assert len(rows) == len(self.known)
        for row in rows:
            known = self.known[row.number]
            assert (row.deleted_at is not None) == known.is_deleted
            if known.is_deleted:
                continue
            is_given_up = row.state == "infeasible" and row.completed_at is None
            state = "given up" if is_given_up else row.state
            if state != known.state:
                # Its lease ran out, and the model was not told yet.
                ran_out = state in ("expired", "given up") and self.time >= known.expires
                assert ran_out, (row, known)
                known.state = state

    @invariant()
    def no_cell_has_two_live_workers(self) -> None:
        """Of trials that were suggested; a person may queue a cell on top."""
        rows = self.acting.look(_trials, self.study)
        live = [
            row.cell for row in rows
            if row.state == "active" and row.source == "suggested" and row.deleted_at is None
        ]  # fmt: skip
        assert len(live) == len(set(live))

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        """Every result once, every cell once, every event with a number of its own."""
        found = self.acting.look(_totals, self.study)
        assert found["observations"] == found["counted"]
        assert found["cells_closed"] == found["cells"]
        assert found["seq"] == found["events"] == found["last_event"]
        assert found["counts"] == found["states"]
        assert found["seq"] >= self.last_seq
        self.last_seq = found["seq"]


def _trials(c: Connection, study: str) -> list[Any]:
    return list(c.execute(select(trials).where(trials.c.study_id == study)).all())


def _totals(c: Connection, study: str) -> dict[str, Any]:
    row = c.execute(select(studies).where(studies.c.id == study)).one()
    current = (observations.c.study_id == study) & observations.c.removed_seq.is_(None)
    of_study = events.c.study_id == study

    def one(query: Any) -> Any:
        return c.execute(query).scalar_one()

    states = c.execute(
        select(trials.c.state, func.count())
        .where(trials.c.study_id == study, trials.c.deleted_at.is_(None))
        .group_by(trials.c.state)
    )
    return {
        "observations": row.observations,
        "counted": one(select(func.count()).where(current, observations.c.kind == "value")),
        "cells_closed": row.cells_closed,
        "cells": one(select(func.count(observations.c.cell.distinct())).where(current)),
        "seq": row.seq,
        "events": one(select(func.count()).where(of_study)),
        "last_event": one(select(func.max(events.c.seq)).where(of_study)),
        "counts": row.counts,
        "states": {row.state: row[1] for row in states},
    }


def run(url: Callable[[], str], *, examples: int) -> None:
    """Run the machine, each time on a database without any row."""

    class Machine(ServiceMachine):
        def __init__(self) -> None:
            self.url = url()
            super().__init__()

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(120)
def test_the_promise_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    """Whatever happens, in whatever order."""
    count = iter(range(10**6))

    def fresh() -> str:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return sqlite.copy_template(sqlite_template, folder)

    run(fresh, examples=25)


@pytest.mark.timeout(120)
def test_the_promise_on_postgres(postgres_url: str) -> None:
    """The same on the other kind of database; each run has a study of its own."""
    run(lambda: postgres_url, examples=12)
