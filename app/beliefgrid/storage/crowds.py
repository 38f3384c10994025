"""What many observations amount to, computed where they are: a row for each answer, not for each.

A page of a study with 100,000 results reads about a thousand rows from here.
"""

from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)

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
            observations.c.study_id == study_id,
            observations.c.removed_seq.is_(None),
            observations.c.value.is_not(None),
            trials.c.deleted_at.is_(None),
            *([trials.c.state == state] if state is not None else []),
            *([trials.c.worker == worker] if worker is not None else []),
            *among.conditions(c),
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


def tested(c: Connection, study_id: str, seq: int, *, most_values: int) -> list[AnyRow]:
    """Return the cells that had a result at an event: (cell, first, count, mean, values).

    `first` is the position of a cell's first result among all, counted from 0; `values` are all
    its results as text, if they are at most `most_values`. Ordered by `first`.
    """
    numbered = (
        _known(study_id, seq)
        .add_columns((func.row_number().over(order_by=_ORDER) - 1).label("position"))
        .where(observations.c.kind == "value")
        .cte("numbered")
    )
    count = func.count()
    texts = func.aggregate_strings(cast(numbered.c.value, String), ",")
    query = (
        select(
            numbered.c.cell,
            func.min(numbered.c.position).label("first"),
            count.label("results"),
            func.avg(numbered.c.value).label("mean"),
            case((count <= most_values, texts), else_=None).label("texts"),
        )
        .group_by(numbered.c.cell)
        .order_by(func.min(numbered.c.position))
    )
    return list(c.execute(query).all())


def infeasible(c: Connection, study_id: str, seq: int) -> list[int]:
    """Return the cells that were known not to work at an event, in the order of that news."""
    query = _known(study_id, seq).where(observations.c.kind == "infeasible").order_by(*_ORDER)
    return [int(row.cell) for row in c.execute(query)]


def _known(study_id: str, seq: int) -> Select[Any]:
    return select(observations.c.cell, observations.c.value).where(
        observations.c.study_id == study_id,
        observations.c.cell.is_not(None),
        observations.c.seq <= seq,
        or_(
            observations.c.removed_seq.is_(None),
            and_(observations.c.removed_seq.is_not(None), observations.c.removed_seq > seq),
        ),
    )
