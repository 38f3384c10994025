"""Rows of observations and measurements. Observations are added and marked removed only."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from beliefgrid.storage import transaction
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import measurements, observations

_INSERT = insert(observations)
_ADD = Prepared(_INSERT, [column.name for column in observations.c if column.name != "id"])
_CLOSED = Prepared(
    select(observations.c.id)
    .where(
        observations.c.study_id == bindparam("study_id"),
        observations.c.cell == bindparam("cell"),
        observations.c.removed_seq.is_(None),
    )
    .limit(1),
    reads_stored=True,
)


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store the outcome of a trial, a value or `infeasible`."""
    carried = transaction.putting_off(c)
    if carried is None:
        _ADD.run(c, row)
    else:
        carried.put_off(_ADD, row, ("outcome", row["study_id"], row["cell"]))


def add_many(c: Connection, rows: list[dict[str, Any]]) -> None:
    """Store the outcomes of many trials."""
    c.execute(_INSERT, rows)


def closed_among(c: Connection, study_id: str, cells: Collection[int]) -> set[int]:
    """Return those of the cells that have an outcome that counts."""
    query = select(observations.c.cell).where(
        observations.c.study_id == study_id,
        observations.c.cell.in_(cells),
        observations.c.removed_seq.is_(None),
    )
    return set(c.execute(query).scalars())


def is_closed(c: Connection, study_id: str, cell: int) -> bool:
    """Say whether a cell has an outcome that counts."""
    transaction.settle(c, ("outcome", study_id, cell))
    return _CLOSED.first(c, {"study_id": study_id, "cell": cell}) is not None


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


def add_measurements(c: Connection, trial_id: int, values: dict[int, float], now: datetime) -> None:
    """Store intermediate values by step."""
    rows = [
        {"trial_id": trial_id, "step": step, "value": value, "created_at": now}
        for step, value in values.items()
    ]
    c.execute(insert(measurements), rows)


def measured(c: Connection, trial_id: int) -> list[AnyRow]:
    """Return (step, value, created_at) of a trial's intermediate values, by step."""
    query = select(measurements.c.step, measurements.c.value, measurements.c.created_at)
    query = query.where(measurements.c.trial_id == trial_id).order_by(measurements.c.step)
    return list(c.execute(query).all())
