"""A trial leaves its worker without a result: given back, or ended by a person."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing, trial_row
from beliefgrid.actions.leases import check_token
from beliefgrid.actions.outcomes import finish, finished
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import TrialView
from beliefgrid.storage import observations, trials
from beliefgrid.storage.rows import AnyRow


def release(
    c: Connection,
    study_id: str,
    number: int,
    *,
    lease_token: str | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Put an active trial back to `queued` under the same number, for the next who asks."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        if row.state == "queued":
            return replace(trial_view(row), replayed=True)
        check_token(row, lease_token)
        columns = {
            "state": "queued",
            "worker": None,
            "lease_token": None,
            "lease_expires_at": None,
            "hard_deadline_at": None,
            "updated_at": now,
        }
        if not trials.move(c, row, ("active",), columns):
            raise finished(row)
        study.count_trial("active", "queued")
        study.event("trial_released", number, worker=row.worker)
        return replace(trial_view(row), state="queued", worker=None, lease=None, updated_at=now)


def stop(
    c: Connection, study_id: str, number: int, *, actor: str | None = None, now: datetime
) -> TrialView:
    """End a trial early: its last measurement is its result; with none it is cancelled."""
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        if row.state in ("stopped", "cancelled"):
            return replace(trial_view(row), replayed=True)
        if row.state not in ("active", "queued"):
            raise finished(row)
        measured = observations.measured(c, row.id)
        if row.state == "active" and measured:
            _stop_at(study, row, measured[-1].value)
        else:
            seq = study.event("trial_cancelled", number)
            finish(study, row, "cancelled", seq, None)
        return trial_view(trial_row(c, study_id, number))


def _stop_at(study: Change, row: AnyRow, value: float) -> None:
    seq = study.event("trial_stopped", row.number, value=value)
    finish(study, row, "stopped", seq, {"kind": "value", "value": value})
