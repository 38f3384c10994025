"""Rows that go for good: studies that were deleted long ago, snapshots that are many."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import (
    candidates,
    events,
    measurements,
    observations,
    outbox,
    revisions,
    snapshots,
    studies,
    tokens,
    trials,
    webhooks,
)

# What refers to others goes before them.
_OF_STUDY = (
    outbox, webhooks, tokens, observations, candidates, events, snapshots, trials, revisions,
)  # fmt: skip
AT_ONCE = 500  # that one statement names


def deleted_before(c: Connection, moment: datetime) -> list[AnyRow]:
    """Return id, name and time of the studies that were deleted before a moment, oldest first."""
    query = select(studies.c.id, studies.c.name, studies.c.deleted_at)
    old = query.where(studies.c.deleted_at < moment)
    return list(c.execute(old.order_by(studies.c.deleted_at, studies.c.id)).all())


def lock_deleted(c: Connection, study_id: str, moment: datetime) -> bool:
    """Keep others from bringing a study back; False if it is not deleted any more."""
    query = select(studies.c.id).where(studies.c.id == study_id, studies.c.deleted_at < moment)
    return c.execute(query.with_for_update()).first() is not None


def remove_study(c: Connection, study_id: str) -> None:
    """Remove a study and all that belongs to it."""
    its_trials = select(trials.c.id).where(trials.c.study_id == study_id)
    c.execute(delete(measurements).where(measurements.c.trial_id.in_(its_trials)))
    its_hooks = select(webhooks.c.id).where(webhooks.c.study_id == study_id)
    c.execute(delete(outbox).where(outbox.c.webhook_id.in_(its_hooks)))
    for table in _OF_STUDY:
        c.execute(delete(table).where(table.c.study_id == study_id))
    c.execute(delete(studies).where(studies.c.id == study_id))


def with_more_snapshots(c: Connection, than: int) -> list[str]:
    """Return the studies that have more snapshots than a number."""
    query = select(snapshots.c.study_id).group_by(snapshots.c.study_id)
    return list(
        c.execute(query.having(func.count() > than).order_by(snapshots.c.study_id)).scalars()
    )


def snapshot_seqs(c: Connection, study_id: str) -> list[int]:
    """Return where the snapshots of a study are, newest first."""
    query = select(snapshots.c.seq).where(snapshots.c.study_id == study_id)
    return list(c.execute(query.order_by(snapshots.c.seq.desc())).scalars())


def remove_snapshots(c: Connection, study_id: str, seqs: Collection[int]) -> None:
    """Remove some snapshots of a study."""
    gone = list(seqs)
    for first in range(0, len(gone), AT_ONCE):
        part = snapshots.c.seq.in_(gone[first : first + AT_ONCE])
        c.execute(delete(snapshots).where(snapshots.c.study_id == study_id, part))
