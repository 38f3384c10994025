"""Numbers over the whole database, for those who watch it."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, func, select

from beliefgrid.storage.tables import candidates, studies, trials

_KEPT = studies.c.deleted_at.is_(None)


def study_states(c: Connection) -> dict[str, int]:
    """Count the studies in each state."""
    query = select(studies.c.state, func.count()).where(_KEPT).group_by(studies.c.state)
    return {state: int(number) for state, number in c.execute(query)}


def trial_states(c: Connection) -> Counter[str]:
    """Count the trials in each state, from what each study's row says of its own."""
    found: Counter[str] = Counter()
    for counts in c.execute(select(studies.c.counts).where(_KEPT)).scalars():
        found.update(counts)
    return found


def leases(c: Connection, now: datetime) -> tuple[int, int]:
    """Count the leases that run, and those that ran out and are not expired yet."""
    is_live = (trials.c.state == "active") & trials.c.deleted_at.is_(None)
    query = select(func.count()).where(is_live)
    overdue = int(c.execute(query.where(trials.c.lease_expires_at <= now)).scalar_one())
    return int(c.execute(query).scalar_one()) - overdue, overdue


def queue_length(c: Connection) -> int:
    """Count the ranked suggestions that wait."""
    return int(c.execute(select(func.count()).select_from(candidates)).scalar_one())


def behind(c: Connection) -> tuple[int, int]:
    """Count the studies whose posterior lacks results, and those results."""
    unseen = studies.c.results - studies.c.snapshot_results
    query = select(func.count(), func.sum(unseen)).where(
        studies.c.results > studies.c.snapshot_results, _KEPT
    )
    number, results = c.execute(query).one()
    return int(number), int(results or 0)


def failing(c: Connection) -> int:
    """Count the studies whose last update failed."""
    query = select(func.count()).where(studies.c.update_error.is_not(None), _KEPT)
    return int(c.execute(query).scalar_one())
