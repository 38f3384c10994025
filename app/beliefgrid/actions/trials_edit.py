"""A person edits a trial: notes and tags, deletes it and takes that back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import FINISHED, changing, trial_row
from beliefgrid.actions.correct import check_version
from beliefgrid.actions.errors import TrialUnknownError
from beliefgrid.actions.outcomes import give_back, remove_outcome, store_outcome
from beliefgrid.actions.states import TRIAL_STATES
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import TrialView
from beliefgrid.storage import observations, trials
from beliefgrid.storage.rows import AnyRow


def patch_trial(
    c: Connection,
    study_id: str,
    number: int,
    *,
    changes: dict[str, Any],
    if_version: int | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Change a trial's notes and tags.

    Raises:
        VersionMismatchError: it was changed since the version that the caller saw.
    """
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        check_version(row, if_version)
        allowed = {name: changes[name] for name in ("notes", "tags") if name in changes}
        columns = allowed | {"updated_at": now, "version": row.version + 1}
        trials.move(c, row, TRIAL_STATES, columns)
        study.event("trial_described", number, **allowed)
        return trial_view(trial_row(c, study_id, number))


def delete_trial(
    c: Connection, study_id: str, number: int, *, actor: str | None = None, now: datetime
) -> None:
    """Take a trial, and what it taught, out of the study; it can be restored."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        seq = study.event("trial_deleted", number, cell=row.cell)
        trials.move(c, row, TRIAL_STATES, {"deleted_at": now, "updated_at": now})
        study.count_trial(row.state, None)
        if row.outcome is not None:
            remove_outcome(study, row, seq)
        elif row.cell is not None and row.state in ("active", "queued"):
            give_back(study, row.cell, row.explanation)


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
        columns = _as_restored(row) | {"deleted_at": None, "updated_at": now}
        trials.move(c, row, TRIAL_STATES, columns)
        study.count_trial(None, columns.get("state", row.state))
        removed = observations.last_removed(c, row.id)
        if removed is not None and row.state in FINISHED:
            names = ("kind", "value", "values", "stddev", "duration", "metadata")
            store_outcome(study, row, seq, {name: removed._mapping[name] for name in names})
        return trial_view(trial_row(c, study_id, number))


def _as_restored(row: AnyRow) -> dict[str, Any]:
    if row.state == "active":
        return {"state": "expired"}
    if row.state == "queued":
        # Its cell may be with a worker by now; a person wants it all the same, so it is a repeat.
        return {"source": "queued"}
    return {}
