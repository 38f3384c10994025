"""Cells are numbers of a grid; when the grid is edited, rows get the new ones."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, case, or_, select, update

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import candidates, observations, trials

_MOVE_TRIALS = (
    update(trials)
    .where(trials.c.study_id == bindparam("study"), trials.c.cell == bindparam("before"))
    .values(cell=bindparam("after"))
)
_MOVE_CANDIDATES = (
    update(candidates)
    .where(candidates.c.study_id == bindparam("study"), candidates.c.cell == bindparam("before"))
    .values(cell=bindparam("after"))
)
_PLACE = update(trials).where(trials.c.id == bindparam("trial")).values(cell=bindparam("after"))


def used(c: Connection, study_id: str) -> set[int]:
    """Return the cells that trials or the ranked list name."""
    found: set[int] = set()
    for table in (trials, candidates):
        query = select(table.c.cell).where(table.c.study_id == study_id).distinct()
        found |= {int(cell) for cell in c.execute(query).scalars() if cell is not None}
    return found


def off_grid(c: Connection, study_id: str) -> list[AnyRow]:
    """Return (id, assignments) of the trials whose combination is no cell, deleted ones too."""
    query = select(trials.c.id, trials.c.assignments)
    return list(c.execute(query.where(trials.c.study_id == study_id, trials.c.cell.is_(None))))


def closed(c: Connection, study_id: str) -> list[int]:
    """Return the cells that have an outcome that counts."""
    query = select(observations.c.cell).where(
        observations.c.study_id == study_id,
        observations.c.cell.is_not(None),
        observations.c.removed_seq.is_(None),
    )
    return [int(cell) for cell in c.execute(query.distinct()).scalars()]


def renumber(
    c: Connection, study_id: str, moved: Mapping[int, int | None], placed: Mapping[int, int]
) -> None:
    """Give trials, their observations and the ranked list the cells of another grid.

    `moved` says where each used cell goes, None off the grid; `placed` says which trials that
    were off the grid (by their rows' ids) now have a cell.
    """
    # Two steps, by way of negative numbers: no cell may be met on the way to another.
    ways = [
        {"study": study_id, "before": before, "after": None if after is None else -1 - after}
        for before, after in moved.items()
        if before != after
    ]
    gone = [cell for cell, after in moved.items() if after is None]
    for start in range(0, len(gone), 500):
        some = candidates.c.cell.in_(gone[start : start + 500])
        c.execute(candidates.delete().where(candidates.c.study_id == study_id, some))
    if ways:
        c.execute(_MOVE_TRIALS, ways)
    listed = [way for way in ways if way["after"] is not None]
    if listed:
        c.execute(_MOVE_CANDIDATES, listed)
    for table in (trials, candidates):
        is_moved = (table.c.study_id == study_id) & (table.c.cell < 0)
        c.execute(update(table).where(is_moved).values(cell=-1 - table.c.cell))
    if placed:
        c.execute(_PLACE, [{"trial": row, "after": cell} for row, cell in placed.items()])
    theirs = select(trials.c.cell).where(trials.c.id == observations.c.trial_id)
    of_study = observations.c.study_id == study_id
    c.execute(update(observations).where(of_study).values(cell=theirs.scalar_subquery()))


def known(c: Connection, study_id: str, seq: int) -> list[AnyRow]:
    """Return all outcomes that counted at an event, in order, with where they were measured.

    (cell, kind, value, stddev, assignments): `assignments` is there only where `cell` is not.
    """
    where: Any = case((observations.c.cell.is_(None), trials.c.assignments), else_=None)
    query = (
        select(
            *(observations.c[name] for name in ("cell", "kind", "value", "stddev")),
            where.label("assignments"),
        )
        .select_from(observations.join(trials, trials.c.id == observations.c.trial_id))
        .where(
            observations.c.study_id == study_id,
            observations.c.seq <= seq,
            or_(observations.c.removed_seq.is_(None), observations.c.removed_seq > seq),
        )
        .order_by(observations.c.seq, observations.c.id)
    )
    return list(c.execute(query).all())
