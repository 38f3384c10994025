"""Rows of observations and measurements. Observations are added and marked removed only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import measurements, observations

_INSERT = insert(observations)
_CLOSED = (
    select(observations.c.id)
    .where(
        observations.c.study_id == bindparam("study_id"),
        observations.c.cell == bindparam("cell"),
        observations.c.removed_seq.is_(None),
    )
    .limit(1)
)


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store the outcome of a trial, a value or `infeasible`."""
    c.execute(_INSERT, row)


def is_closed(c: Connection, study_id: str, cell: int) -> bool:
    """Say whether a cell has an outcome that counts."""
    return c.execute(_CLOSED, {"study_id": study_id, "cell": cell}).first() is not None


def remove(c: Connection, trial_id: int, seq: int) -> bool:
    """Stop counting a trial's outcome from an event on."""
    statement = (
        update(observations)
        .where(observations.c.trial_id == trial_id, observations.c.removed_seq.is_(None))
        .values(removed_seq=seq)
    )
    return c.execute(statement).rowcount == 1


def last_removed(c: Connection, trial_id: int) -> AnyRow | None:
    """Return the outcome of a trial that was removed last."""
    query = (
        select(observations)
        .where(observations.c.trial_id == trial_id, observations.c.removed_seq.is_not(None))
        .order_by(observations.c.removed_seq.desc(), observations.c.id.desc())
        .limit(1)
    )
    return c.execute(query).one_or_none()


def at(c: Connection, study_id: str, seq: int) -> list[AnyRow]:
    """Return (cell, kind, value, stddev) of all outcomes on the grid that counted at an event."""
    query = (
        select(
            observations.c.cell, observations.c.kind, observations.c.value, observations.c.stddev
        )
        .where(
            observations.c.study_id == study_id,
            observations.c.seq <= seq,
            or_(observations.c.removed_seq.is_(None), observations.c.removed_seq > seq),
            observations.c.cell.is_not(None),
        )
        .order_by(observations.c.seq)
    )
    return list(c.execute(query).all())


def add_measurement(c: Connection, trial_id: int, step: int, value: float, now: datetime) -> None:
    """Store one intermediate value."""
    row = {"trial_id": trial_id, "step": step, "value": value, "created_at": now}
    c.execute(insert(measurements), row)


def measured(c: Connection, trial_id: int) -> list[AnyRow]:
    """Return (step, value, created_at) of a trial's intermediate values, by step."""
    query = select(measurements.c.step, measurements.c.value, measurements.c.created_at)
    query = query.where(measurements.c.trial_id == trial_id).order_by(measurements.c.step)
    return list(c.execute(query).all())


def tested_cells(c: Connection, study_id: str) -> int:
    """Count the cells that have an outcome."""
    query = select(func.count(observations.c.cell.distinct())).where(
        observations.c.study_id == study_id, observations.c.removed_seq.is_(None)
    )
    return int(c.execute(query).scalar_one())
