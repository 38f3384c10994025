"""Leases run out, and their cells are free again; a study's time runs out."""

from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.clock import Jump
from beliefgrid.actions.outcomes import attempts_left, give_back, store_outcome
from beliefgrid.storage import events, studies, trials
from beliefgrid.storage.rows import AnyRow


def studies_with_overdue(c: Connection, now: datetime) -> list[str]:
    """Return the studies that have leases which ran out."""
    return trials.studies_with_overdue(c, now)


def studies_in_time(c: Connection) -> list[str]:
    """Return the studies that have leases, or whose own time runs out."""
    return sorted({*trials.studies_with_overdue(c, None), *studies.out_of_time(c, None)})


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


def shift_times(
    c: Connection, study_id: str, *, jump: Jump, now: datetime, without_later: datetime
) -> None:
    """Let leases, and the study's own time, end as much later or earlier as the clock was set.

    What began by the new time stays as it is; another server may have noticed the same jump.
    `without_later` is the time it would be if the clock had not been set again since.
    """
    with changing(c, study_id, now, deleted=True) as study:
        if any(jump.is_same(_as_jump(e)) for e in events.of_kind(c, study_id, "clock_set")):
            return
        moved = _shift_leases(study, jump, without_later)
        began = study.get("started_at")
        if study.get("ends_at") is not None and jump.follows(began, without_later):
            study.set(started_at=began + jump.by)
            study.plan_end()
            moved += 1
        if moved:
            study.event(
                "clock_set",
                seconds=jump.seconds,
                noticed_at=jump.noticed_at.isoformat(),
                server=jump.server,
            )


def _as_jump(event: AnyRow) -> Jump:
    said = event.data.get("noticed_at")  # not in old events
    noticed_at = datetime.fromisoformat(said) if said else event.created_at
    return Jump(event.data["seconds"], noticed_at, event.data.get("server", ""))


def _shift_leases(study: Change, jump: Jump, without_later: datetime) -> int:
    live = trials.live(study.c, study.id)
    moved = [row for row in live if jump.follows(row.updated_at, without_later)]
    for row in moved:
        names = ("lease_expires_at", "hard_deadline_at", "updated_at")
        trials.move(study.c, row, ("active",), {n: getattr(row, n) + jump.by for n in names})
        study.lease_until(row.lease_expires_at + jump.by)
    return len(moved)


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
