"""Lists of trials: all of them, pages in some order, and what each was told."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, or_, select

from beliefgrid.storage.among import ALL, FEW, Among
from beliefgrid.storage.rows import AnyRow, CursorError, Page, decode_cursor, page_of
from beliefgrid.storage.tables import observations, trials
from beliefgrid.storage.trials import CURRENT, RESULT, WITH_RESULT


def every(c: Connection, study_id: str) -> Iterator[AnyRow]:
    """Yield the trials of a study that are not deleted, by number, a part at a time."""
    query = WITH_RESULT.where(trials.c.study_id == study_id, trials.c.deleted_at.is_(None))
    query = query.order_by(trials.c.number).execution_options(yield_per=1000)
    yield from c.execute(query)


SORTS = ("number", "-number", "value", "-value")


def page(
    c: Connection,
    study_id: str,
    *,
    state: str | None = None,
    worker: str | None = None,
    sort: str = "number",
    among: Among = ALL,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[AnyRow]:
    """List trials; sorted by value, those without one are left out."""
    if sort not in SORTS:
        raise CursorError(f"expected sort to be one of {', '.join(SORTS)}")
    if sort.endswith("value"):
        return _page_by_value(
            c,
            study_id,
            state=state,
            worker=worker,
            sort=sort,
            among=among,
            cursor=cursor,
            limit=limit,
        )
    query = WITH_RESULT.where(trials.c.study_id == study_id, trials.c.deleted_at.is_(None))
    if state is not None:
        query = query.where(trials.c.state == state)
    if worker is not None:
        query = query.where(trials.c.worker == worker)
    query = query.where(*among.conditions(c, among.few(c, study_id)))
    is_descending = sort.startswith("-")
    number = trials.c.number
    position = decode_cursor(cursor, (int,))
    if position is not None:
        query = query.where(number < position[0] if is_descending else number > position[0])
    query = query.order_by(number.desc() if is_descending else number)
    rows = c.execute(query.limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: (row.number,))


def _page_by_value(
    c: Connection,
    study_id: str,
    *,
    state: str | None,
    worker: str | None,
    sort: str,
    among: Among,
    cursor: str | None,
    limit: int,
) -> Page[AnyRow]:
    """List the trials with a value, read off the index of values; ties by trial.

    Rows of trials get their ids in the order of their numbers.
    """
    number, value, is_descending = trials.c.number, observations.c.value, sort.startswith("-")
    joined = observations.join(trials, trials.c.id == observations.c.trial_id)
    few = among.few(c, study_id)
    is_short = few is not None or (worker is not None and _has_few(c, study_id, worker))
    query = (
        select(trials, *RESULT)
        .select_from(joined)
        .where(
            trials.c.study_id == study_id if is_short else observations.c.study_id == study_id,
            observations.c.removed_seq.is_(None),
            value.is_not(None),
            trials.c.deleted_at.is_(None),
        )
    )
    if state == "completed":
        # That is most of them: an index of states must not be taken for a short way.
        query = query.where(func.coalesce(trials.c.state, "") == state)
    elif state is not None:
        query = query.where(trials.c.study_id == study_id, trials.c.state == state)
    if worker is not None:
        of_worker = trials.c.worker if is_short else func.coalesce(trials.c.worker, "")
        query = query.where(of_worker == worker)
    query = query.where(*among.conditions(c, few))
    position = decode_cursor(cursor, ((int, float), int))
    if position is not None:
        reached = value <= position[0] if is_descending else value >= position[0]
        query = query.where(reached, or_(value != position[0], number > position[1]))
    by = value.desc() if is_descending else value
    rows = c.execute(query.order_by(by, observations.c.trial_id).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: (row.value, row.number))


def _has_few(c: Connection, study_id: str, worker: str) -> bool:
    """Say whether a worker's trials are sorted faster than the values of all are read."""
    theirs = select(trials.c.id).where(trials.c.study_id == study_id, trials.c.worker == worker)
    return len(c.execute(theirs.limit(FEW + 1)).all()) <= FEW


def history(c: Connection, study_id: str) -> list[AnyRow]:
    """Return (number, value, completed_at) of trials with a value, in order of completion."""
    query = (
        select(trials.c.number, observations.c.value, trials.c.completed_at)
        .select_from(trials.join(observations, CURRENT))
        .where(
            trials.c.study_id == study_id,
            trials.c.deleted_at.is_(None),
            observations.c.value.is_not(None),
        )
        .order_by(observations.c.seq)
    )
    return list(c.execute(query).all())


def told(c: Connection, study_id: str) -> list[AnyRow]:
    """Return (number, seq) of every outcome on the grid there ever was, in order."""
    query = (
        select(trials.c.number, observations.c.seq)
        .select_from(trials.join(observations, observations.c.trial_id == trials.c.id))
        .where(trials.c.study_id == study_id, observations.c.cell.is_not(None))
        .order_by(observations.c.seq)
    )
    return list(c.execute(query).all())


def predicted(c: Connection, study_id: str) -> list[AnyRow]:
    """Return (number, explanation, value) of suggested trials with a value, by completion."""
    query = (
        select(trials.c.number, trials.c.explanation, observations.c.value)
        .select_from(trials.join(observations, CURRENT))
        .where(
            trials.c.study_id == study_id,
            trials.c.source == "suggested",
            trials.c.deleted_at.is_(None),
            observations.c.value.is_not(None),
        )
        .order_by(observations.c.seq)
    )
    return list(c.execute(query).all())


def workers(c: Connection, study_id: str) -> list[AnyRow]:
    """Return (worker, state, count, last change) for every worker and state."""
    query = (
        select(
            trials.c.worker,
            trials.c.state,
            func.count().label("trials"),
            func.max(trials.c.updated_at).label("last_seen_at"),
        )
        .where(
            trials.c.study_id == study_id,
            trials.c.worker.is_not(None),
            trials.c.deleted_at.is_(None),
        )
        .group_by(trials.c.worker, trials.c.state)
        .order_by(trials.c.worker)
    )
    return list(c.execute(query).all())
