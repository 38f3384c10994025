"""What many observations amount to, computed where they are: a row for each answer, not for each.

A page of a study with 100,000 results reads about a thousand rows from here.
"""

from sqlalchemy import Connection, func, or_, select

from beliefgrid.storage.among import ALL, Among
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import observations, trials

_ORDER = (observations.c.seq, observations.c.id)


def history_sample(
    c: Connection,
    study_id: str,
    *,
    most: int,
    goal: str,
    state: str | None = None,
    worker: str | None = None,
    among: Among = ALL,
) -> list[AnyRow]:
    """Return some of a study's results in order: (position, number, value, best, total).

    An even sample of `most`, every improvement, and the last; positions count from 0, and all is
    among those of a state, a worker, values and levels.
    """
    few = among.few(c, study_id)
    best = func.max if goal == "maximize" else func.min
    numbered = (
        select(
            trials.c.number,
            observations.c.value,
            (func.row_number().over(order_by=_ORDER) - 1).label("position"),
            best(observations.c.value).over(order_by=_ORDER, rows=(None, 0)).label("best"),
            func.count().over().label("total"),
        )
        .select_from(observations.join(trials, trials.c.id == observations.c.trial_id))
        .where(
            (observations if few is None else trials).c.study_id == study_id,
            observations.c.removed_seq.is_(None),
            observations.c.value.is_not(None),
            trials.c.deleted_at.is_(None),
            *([trials.c.state == state] if state is not None else []),
            *([trials.c.worker == worker] if worker is not None else []),
            *among.conditions(c, few),
        )
        .cte("numbered")
    )
    before = func.lag(numbered.c.best).over(order_by=numbered.c.position).label("before")
    compared = select(numbered, before).cte("compared")
    is_even = (compared.c.position * most) % compared.c.total < most
    is_better = or_(compared.c.before.is_(None), compared.c.before != compared.c.best)
    is_last = compared.c.position == compared.c.total - 1
    query = select(compared).where(or_(compared.c.total <= most, is_even, is_better, is_last))
    return list(c.execute(query.order_by(compared.c.position)).all())


def outcomes(c: Connection, study_id: str, *, after: int, until: int) -> list[AnyRow]:
    """Return (seq, number, cell, value, stddev) of what came after an event and counted later.

    In their order; the value of a cell that does not work is None.
    """
    found = observations.c
    query = (
        select(found.seq, trials.c.number, found.cell, found.value, found.stddev)
        .select_from(observations.join(trials, trials.c.id == observations.c.trial_id))
        .where(
            observations.c.study_id == study_id,
            observations.c.seq > after,
            observations.c.seq <= until,
            or_(observations.c.removed_seq.is_(None), observations.c.removed_seq > until),
        )
        .order_by(*_ORDER)
    )
    return list(c.execute(query).all())


def has_removed(c: Connection, study_id: str, after: int, until: int) -> bool:
    """Say whether an outcome stopped counting between two events."""
    query = (
        select(observations.c.id)
        .where(
            observations.c.study_id == study_id,
            observations.c.removed_seq.is_not(None),
            observations.c.removed_seq > after,
            observations.c.removed_seq <= until,
        )
        .limit(1)
    )
    return c.execute(query).first() is not None
