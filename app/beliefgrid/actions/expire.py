"""Leases run out, and their cells are free again."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.storage import snapshots, trials


def expire(c: Connection, *, now: datetime, not_before: datetime | None = None) -> int:
    """Expire every lease that ran out; return how many did.

    No lease is expired before `not_before`: after a restart, workers get time to report.
    """
    if not_before is not None and now < not_before:
        return 0
    expired = 0
    for study_id in trials.studies_with_overdue(c, now):
        with changing(c, study_id, now, deleted=True) as study:
            expired += expire_study(study)
    return expired


def expire_study(study: Change) -> int:
    """Expire the leases of one study that ran out; return how many did."""
    numbers = trials.overdue(study.c, study.id, study.now)
    for number in numbers:
        row = trials.find(study.c, study.id, number)
        if row is None or not trials.move(
            study.c, row.id, ("active",), {"state": "expired", "updated_at": study.now}
        ):
            continue
        study.count_trial("active", "expired")
        study.event("trial_expired", number, worker=row.worker)
        if row.cell is not None and row.source == "suggested":
            give_back(study, row.cell, row.explanation)
    return len(numbers)


def give_back(study: Change, cell: int, explanation: dict[str, object] | None) -> None:
    """Put a cell at the head of the list, for the next who asks."""
    if trials.is_taken(study.c, study.id, cell):
        return
    snapshots.put_candidate(
        study.c,
        {
            "study_id": study.id,
            "rank": -1,
            "cell": cell,
            "seq": study.row.snapshot_seq,
            "explanation": explanation,
        },
    )


def grace_ends(started: datetime, seconds: float) -> datetime:
    """Return until when no lease expires after a start."""
    return started + timedelta(seconds=seconds)
