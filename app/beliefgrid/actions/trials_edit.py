"""A person edits a trial: notes and tags, deletes it and takes that back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import changing
from beliefgrid.actions.errors import TrialUnknownError
from beliefgrid.actions.expire import give_back
from beliefgrid.actions.tell import store_outcome, trial_row
from beliefgrid.actions.views import TrialView, trial_view
from beliefgrid.storage import observations, trials

ANY_STATE = (
    "queued",
    "active",
    "completed",
    "failed",
    "infeasible",
    "stopped",
    "expired",
    "cancelled",
)


def patch_trial(
    c: Connection,
    study_id: str,
    number: int,
    *,
    changes: dict[str, Any],
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Change a trial's notes and tags."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        allowed = {name: changes[name] for name in ("notes", "tags") if name in changes}
        columns = allowed | {"updated_at": now, "version": row.version + 1}
        trials.move(c, row.id, ANY_STATE, columns)
        study.event("trial_described", number, **allowed)
        return trial_view(trial_row(c, study_id, number))


def delete_trial(
    c: Connection, study_id: str, number: int, *, actor: str | None = None, now: datetime
) -> None:
    """Take a trial, and what it taught, out of the study; it can be restored."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        seq = study.event("trial_deleted", number, cell=row.cell)
        trials.move(c, row.id, ANY_STATE, {"deleted_at": now, "updated_at": now})
        study.count_trial(row.state, None)
        if row.outcome is None:
            if row.cell is not None and row.state == "active":
                give_back(study, row.cell, row.explanation)
            return
        observations.remove(c, row.id, seq)
        if row.outcome == "value":
            study.set(observations=study.get("observations") - 1)
        if row.cell is not None:
            study.believe_anew(seq)
            if not observations.is_closed(c, study_id, row.cell):
                study.set(cells_closed=study.get("cells_closed") - 1)


def restore_trial(
    c: Connection, study_id: str, number: int, *, actor: str | None = None, now: datetime
) -> TrialView:
    """Take back a deletion. A trial that was active comes back as expired: its cell was freed."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trials.find(c, study_id, number)
        if row is None:
            raise TrialUnknownError(f"the study has no trial {number}")
        if row.deleted_at is None:
            return trial_view(row)
        seq = study.event("trial_restored", number, cell=row.cell)
        state = "expired" if row.state == "active" else row.state
        columns = {"deleted_at": None, "updated_at": now, "state": state}
        trials.move(c, row.id, ANY_STATE, columns)
        study.count_trial(None, state)
        removed = observations.last_removed(c, row.id)
        if removed is not None and row.state in ("completed", "infeasible", "stopped"):
            names = ("kind", "value", "values", "stddev", "duration", "metadata")
            outcome = {name: removed._mapping[name] for name in names}
            store_outcome(study, row.id, row.cell, seq, outcome)
        return trial_view(trial_row(c, study_id, number))
