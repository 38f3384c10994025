"""Leases run out, and their cells are free again; a study's time runs out."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.clock import Jump
from beliefgrid.actions.outcomes import attempts_left, give_back, store_outcome
from beliefgrid.storage import studies, trials
from beliefgrid.storage.rows import AnyRow


def studies_with_overdue(c: Connection, now: datetime) -> list[str]:
    """Return the studies that have leases which ran out."""
    return trials.studies_with_overdue(c, now)


def studies_with_leases(c: Connection) -> list[str]:
    """Return the studies that have leases."""
    return trials.studies_with_overdue(c, None)


def studies_out_of_time(c: Connection, now: datetime) -> list[str]:
    """Return the studies whose budget of seconds is spent, and that do not know it yet."""
    return studies.out_of_time(c, now)


def expire(c: Connection, study_id: str, *, now: datetime) -> int:
    """Expire the leases of one study that ran out; return how many did."""
    with changing(c, study_id, now, deleted=True) as study:
        return expire_study(study)


def end_out_of_time(c: Connection, study_id: str, *, now: datetime) -> None:
    """End a study whose budget of seconds is spent."""
    with changing(c, study_id, now, deleted=True) as study:
        study.end_if_spent()


def shift_leases(c: Connection, study_id: str, *, jump: Jump, now: datetime) -> None:
    """Let leases end as much later or earlier as the clock was set.

    Those that were granted by the new time stay as they are, and so do those that were moved
    already: their times are not on the other side of the jump.
    """
    by = timedelta(seconds=jump.seconds)
    is_ahead = jump.seconds > 0
    with changing(c, study_id, now, deleted=True) as study:
        moved = 0
        for row in trials.live(c, study_id):
            if row.updated_at > jump.between if is_ahead else row.updated_at <= now:
                continue
            names = ("lease_expires_at", "hard_deadline_at", "updated_at")
            trials.move(c, row, ("active",), {n: getattr(row, n) + by for n in names})
            study.lease_until(row.lease_expires_at + by)
            moved += 1
        if moved:
            study.event("leases_prolonged", seconds=jump.seconds)


def expire_study(study: Change) -> int:
    """Expire the leases of a study that ran out; return how many did."""
    due = study.get("lease_due_at")
    if due is None or due > study.now:
        return 0
    overdue = trials.overdue(study.c, study.id, study.now)
    for row in overdue:
        _expire(study, row)
    study.set(lease_due_at=trials.next_expiry(study.c, study.id))
    return len(overdue)


def _expire(study: Change, row: AnyRow) -> None:
    columns = {"state": "expired", "updated_at": study.now, "version": row.version + 1}
    trials.move(study.c, row, ("active",), columns)
    study.count_trial("active", "expired")
    seq = study.event("trial_expired", row.number, worker=row.worker, cell=row.cell)
    if row.cell is None:
        return
    if attempts_left(study, row.cell) > 0:
        give_back(study, row.cell, row.explanation)
    elif not trials.is_taken(study.c, study.id, row.cell):
        _close_cell(study, row, seq)


def _close_cell(study: Change, row: AnyRow, seq: int) -> None:
    """Count a cell whose workers vanish as infeasible; its late result would still count."""
    reason = "its workers did not come back, as often as the study retries"
    trials.move(study.c, row, ("expired",), {"state": "infeasible", "reason": reason})
    study.count_trial("expired", "infeasible")
    study.event("trial_infeasible", row.number, reason=reason, cell=row.cell)
    store_outcome(study, row, seq, {"kind": "infeasible"})
