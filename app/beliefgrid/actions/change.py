"""One change of one study: its row locked, its events numbered, all written at the end."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.definitions import definition_of, problem_of
from beliefgrid.actions.errors import StudyUnknownError, TrialUnknownError
from beliefgrid.search import Problem
from beliefgrid.storage import events, studies, transaction, trials
from beliefgrid.storage.rows import AnyRow

# A person who edits one of these must have seen the last edit; results are none.
EDITED = {"name", "notes", "tags", "state", "definition", "deleted_at"}
FINISHED = ("completed", "infeasible", "stopped")  # these have taught something
RUNNING = ("active", "paused")


class Change:
    """A study that this transaction alone may change, and what it will become.

    The events get their numbers here and are written, with the study's row, when the change is
    closed: one UPDATE and one INSERT a transaction, however many things happened.
    """

    def __init__(self, c: Connection, row: AnyRow, now: datetime, actor: str | None) -> None:
        self.c, self.row, self.now, self.actor = c, row, now, actor
        self.id: str = row.id
        self.seq: int = row.seq
        self.values: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []

    def get(self, name: str) -> Any:
        """Return a column as it will be."""
        return self.values[name] if name in self.values else getattr(self.row, name)

    def set(self, **values: Any) -> None:
        """Change columns of the study."""
        self.values |= values

    @property
    def definition(self) -> dict[str, Any]:
        """The definition as it will be."""
        if "definition" in self.values:
            changed: dict[str, Any] = self.values["definition"]
            return changed
        return definition_of(self.c, self.id, self.row.revision)

    @property
    def problem(self) -> Problem:
        """The engine's view of the study as it was before this change."""
        return problem_of(self.c, self.id, self.row.revision)

    def event(self, kind: str, number: int | None = None, **data: Any) -> int:
        """Note that something happened; return its number."""
        self.seq += 1
        self._events.append(
            events.row(
                self.id, self.seq, kind, self.now, number=number, actor=self.actor, data=data
            )
        )
        return self.seq

    def believe_anew(self, seq: int) -> None:
        """Note that the event changed what is known, so that the posterior must follow."""
        self.set(results=self.get("results") + 1, result_seq=seq)

    def count_trial(self, before: str | None, after: str | None) -> None:
        """Keep the number of trials in each state."""
        counts = dict(self.get("counts"))
        if before is not None:
            counts[before] = counts.get(before, 0) - 1
        if after is not None:
            counts[after] = counts.get(after, 0) + 1
        self.set(counts={state: n for state, n in counts.items() if n})

    def next_number(self) -> int:
        """Return the number of the next trial."""
        number = int(self.get("last_number")) + 1
        self.set(last_number=number)
        return number

    def lease_until(self, moment: datetime) -> None:
        """Note when a lease ends; `lease_due_at` is never after the first one that does."""
        due = self.get("lease_due_at")
        if due is None or moment < due:
            self.set(lease_due_at=moment)

    def end(self, state: str, reason: str) -> None:
        """Put the study into another state."""
        self.set(state=state, state_reason=reason)
        self.event(f"study_{state}", reason=reason)

    # ---------------------------------------------------------------- budget
    @property
    def budget(self) -> dict[str, Any]:
        """How many trials and seconds the study may take; an absent one is without limit."""
        return self.definition.get("budget") or {}

    @property
    def live(self) -> int:
        """How many trials are with a worker or wait for one."""
        counts = self.get("counts")
        return int(counts.get("active", 0) + counts.get("queued", 0))

    @property
    def finished(self) -> int:
        """How many trials have taught something."""
        counts = self.get("counts")
        return int(sum(counts.get(state, 0) for state in FINISHED))

    def trials_left(self) -> float:
        """Return how many more trials the budget allows, live ones counted as spent."""
        allowed = self.budget.get("trials")
        if allowed is None:
            return math.inf
        return max(0, int(allowed) - self.finished - self.live)

    def begin(self) -> None:
        """Start the clock of the budget, at the first ask."""
        if self.get("started_at") is None:
            self.set(started_at=self.now)
            self.plan_end()

    def plan_end(self) -> None:
        """Set when the budget of seconds is spent, if it has begun and is limited."""
        seconds, started = self.budget.get("seconds"), self.get("started_at")
        is_limited = seconds is not None and started is not None
        ends_at = started + timedelta(seconds=float(seconds or 0)) if is_limited else None
        if ends_at != self.get("ends_at"):
            self.set(ends_at=ends_at)

    def is_out_of_time(self) -> bool:
        """Say whether the budget of seconds, counted from the first ask, is spent."""
        ends_at = self.get("ends_at")
        return ends_at is not None and self.now >= ends_at

    def end_if_spent(self) -> None:
        """End an active study whose budget or grid is used up."""
        self._end_if_used_up()
        if self.get("state") in RUNNING and self.is_out_of_time():
            self.end("exhausted", f"the budget of {self.budget['seconds']:g} seconds is spent")

    def _end_if_used_up(self) -> None:
        if self.get("state") not in RUNNING:
            return
        allowed = self.budget.get("trials")
        if allowed is not None and self.finished >= int(allowed):
            self.end("exhausted", f"the budget of {allowed} trials is spent")
        elif self.get("cells_closed") >= self.get("n_cells") and not self.live:
            self.end("exhausted", f"all {self.get('n_cells')} cells of the grid are tested")

    def close(self) -> None:
        """Write what happened."""
        if "counts" in self.values or "cells_closed" in self.values:
            self._end_if_used_up()  # not of time: only the sweeper knows if the clock was set
        if not self.values and not self._events:
            return
        if self._events:
            events.add(self.c, self._events)
        if not EDITED.isdisjoint(self.values):
            self.set(version=self.row.version + 1)
        self.set(seq=self.seq, updated_at=self.now)
        studies.change(self.c, self.id, self.values)
        transaction.touch(self.c, self.id, is_behind="results" in self.values)


@contextmanager
def changing(
    c: Connection,
    study_id: str,
    now: datetime,
    *,
    actor: str | None = None,
    deleted: bool = False,
) -> Iterator[Change]:
    """Lock a study, let the caller change it, and write the change."""
    row = studies.lock(c, study_id)
    if row is None or (row.deleted_at is not None and not deleted):
        raise study_unknown(study_id)
    change = Change(c, row, now, actor)
    yield change
    change.close()


def study_unknown(study_id: str) -> StudyUnknownError:
    """Return the error for an id that names no study."""
    return StudyUnknownError(
        f"expected the id of a study, got {study_id[:60]!r}; GET /api/v1/studies lists them"
    )


def trial_row(c: Connection, study_id: str, number: int) -> AnyRow:
    """Return a trial's row with its outcome.

    Raises:
        TrialUnknownError: there is none, or it was deleted.
    """
    row = trials.find(c, study_id, number)
    if row is None or row.deleted_at is not None:
        raise TrialUnknownError(
            f"the study has no trial {number}; GET /api/v1/studies/{study_id}/trials lists them"
        )
    return row
