"""What is forgotten for good, when a person says so: by default everything is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.storage import purge

PER_DOUBLING = 20  # of the old snapshots, for each time that their number doubles


@dataclass(frozen=True, slots=True)
class Deleted:
    """A study that was deleted long ago."""

    id: str
    name: str
    deleted_at: datetime


def long_deleted(c: Connection, days: float, now: datetime) -> list[Deleted]:
    """Return the studies that were deleted so many days ago, oldest first."""
    return [Deleted(*row) for row in purge.deleted_before(c, now - timedelta(days=days))]


def purge_study(c: Connection, study_id: str, *, days: float, now: datetime) -> bool:
    """Remove a study that was deleted so long ago, and all it has; False if it was restored."""
    if not purge.lock_deleted(c, study_id, now - timedelta(days=days)):
        return False
    purge.remove_study(c, study_id)
    return True


def studies_to_thin(c: Connection, keep: int) -> dict[str, int]:
    """Return how many snapshots of which studies thinning removes."""
    found = {
        study_id: len(_superfluous(purge.snapshot_seqs(c, study_id), keep))
        for study_id in purge.with_more_snapshots(c, keep)
    }
    return {study_id: count for study_id, count in found.items() if count}


def thin_study(c: Connection, study_id: str, *, keep: int, now: datetime) -> int:  # noqa: ARG001 - each action is told the time
    """Remove old snapshots: the newest ones stay, and of the others fewer the older they are.

    `study rebuild` computes them again from the events.
    """
    gone = _superfluous(purge.snapshot_seqs(c, study_id), keep)
    purge.remove_snapshots(c, study_id, gone)
    return len(gone)


def _superfluous(newest_first: list[int], keep: int) -> list[int]:
    kept = set(range(keep)) | {len(newest_first) - 1}
    place = float(keep)
    while place < len(newest_first):
        kept.add(int(place))
        place = max(place + 1, place * 2 ** (1 / PER_DOUBLING))
    return [seq for place, seq in enumerate(newest_first) if place not in kept]
