"""Rows of trials, with their current observation beside them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from beliefgrid.storage import transaction
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import observations, trials

CURRENT = and_(observations.c.trial_id == trials.c.id, observations.c.removed_seq.is_(None))
RESULT = (
    observations.c.kind.label("outcome"),
    observations.c.value,
    observations.c["values"].label("metric_values"),
    observations.c.stddev,
    observations.c.duration,
    observations.c.metadata.label("result_metadata"),
)
WITH_RESULT = select(trials, *RESULT).select_from(trials.outerjoin(observations, CURRENT))

_others = observations.alias()
_IS_CELL_CLOSED = (
    select(_others.c.id)
    .where(
        _others.c.study_id == trials.c.study_id,
        _others.c.cell == trials.c.cell,
        _others.c.removed_seq.is_(None),
    )
    .exists()
    .label("is_cell_closed")
)
_ONE = (
    select(trials, *RESULT, _IS_CELL_CLOSED)
    .select_from(trials.outerjoin(observations, CURRENT))
    .where(trials.c.study_id == bindparam("study_id"), trials.c.number == bindparam("number"))
)
# Written out, or a prepared statement could not use the indexes of live trials alone.
_LIVE = (trials.c.state == literal_column("'active'")) & trials.c.deleted_at.is_(None)
HELD = (
    select(trials)
    .where(
        trials.c.study_id == bindparam("study_id"), trials.c.worker == bindparam("worker"), _LIVE
    )
    .order_by(trials.c.number)
    .limit(bindparam("count"))
)
_HELD = Prepared(HELD, reads_stored=True)
_QUEUED = Prepared(
    select(trials)
    .where(
        trials.c.study_id == bindparam("study_id"),
        trials.c.state == "queued",
        trials.c.deleted_at.is_(None),
    )
    .order_by(trials.c.number)
    .limit(bindparam("count"))
)
TAKEN_STATES = ("active", "queued", "completed", "infeasible", "stopped")
IS_TAKEN = trials.c.state.in_([literal(state) for state in TAKEN_STATES])
IS_UNDER_WAY = trials.c.state.in_([literal(state) for state in ("active", "queued")])
_TAKEN = Prepared(
    select(trials.c.id)
    .where(
        trials.c.study_id == bindparam("study_id"),
        trials.c.cell == bindparam("cell"),
        IS_TAKEN,
        trials.c.deleted_at.is_(None),
    )
    .limit(1),
    reads_stored=True,
)
_OVERDUE = (
    select(trials)
    .where(
        trials.c.study_id == bindparam("study_id"),
        _LIVE,
        trials.c.lease_expires_at <= bindparam("before"),
    )
    .order_by(trials.c.number)
)
_INSERT = insert(trials)
_COLUMNS = [column.name for column in trials.c if column.name != "id"]
_ADD = Prepared(_INSERT, _COLUMNS)
_FIND = Prepared(_ONE, reads_stored=True)


def find(c: Connection, study_id: str, number: int) -> AnyRow | None:
    """Return one trial with its current observation, and whether its cell has one that counts."""
    said = {"study_id": study_id, "number": number}
    transaction.settle(c, ("trial", study_id, number))
    row: AnyRow | None = _FIND.first(c, said)
    if row is not None and transaction.settle(c, ("outcome", study_id, row.cell)):
        row = _FIND.first(c, said)
    return row


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store a new trial."""
    carried = transaction.putting_off(c)
    if carried is None:
        _ADD.run(c, row)
    else:
        carried.put_off(_ADD, row, *_names(**{name: row[name] for name in _NAMING}))


_NAMING = ("study_id", "number", "worker", "cell")


def _names(*, study_id: str, number: int, worker: str | None, cell: int | None) -> tuple[Any, ...]:
    """Return what a trial's row is about, for those who read others of its kind."""
    return ("trial", study_id, number), ("worker", study_id, worker), ("cell", study_id, cell)


def add_many(c: Connection, rows: list[dict[str, Any]]) -> dict[int, int]:
    """Store new trials of one study, numbered one after the other; return number -> row's id."""
    c.execute(_INSERT, rows)
    query = select(trials.c.number, trials.c.id).where(
        trials.c.study_id == rows[0]["study_id"],
        trials.c.number.between(rows[0]["number"], rows[-1]["number"]),
    )
    return {row.number: row.id for row in c.execute(query)}


_move_statements: dict[tuple[int | str, ...], Prepared] = {}


def move(c: Connection, row: AnyRow, source: tuple[str, ...], values: dict[str, Any]) -> bool:
    """Change a trial if it is still in one of the source states; True if this call did it.

    Where it is put off it will have: the study of the row that was read is locked.
    """
    shape: tuple[int | str, ...] = (len(source), *sorted(values))
    statement = _move_statements.get(shape)
    if statement is None:
        columns = {name: bindparam(f"new_{name}", type_=trials.c[name].type) for name in values}
        sources = [bindparam(f"from_{i}", type_=trials.c.state.type) for i in range(len(source))]
        statement = _move_statements[shape] = Prepared(
            update(trials)
            .where(trials.c.id == bindparam("trial"), trials.c.state.in_(sources))
            .values(columns)
        )
    given = {f"new_{name}": value for name, value in values.items()}
    given |= {f"from_{i}": state for i, state in enumerate(source)}
    given["trial"] = row.id
    carried = transaction.putting_off(c)
    if carried is None:
        return statement.run(c, given) == 1
    names = {name: values.get(name, getattr(row, name)) for name in _NAMING}
    carried.put_off(statement, given, *_names(**names))
    return True


def held_by(c: Connection, study_id: str, worker: str, count: int) -> list[AnyRow]:
    """Return the live trials of one worker, oldest first."""
    transaction.settle(c, ("worker", study_id, worker))
    return _HELD.all(c, {"study_id": study_id, "worker": worker, "count": count})


def queued(c: Connection, study_id: str, count: int) -> list[AnyRow]:
    """Return the trials that wait for a worker, oldest first."""
    return _QUEUED.all(c, {"study_id": study_id, "count": count})


def is_taken(c: Connection, study_id: str, cell: int) -> bool:
    """Say whether a cell is live, waiting or already has its result."""
    transaction.settle(c, ("cell", study_id, cell))
    return _TAKEN.first(c, {"study_id": study_id, "cell": cell}) is not None


def taken_cells(c: Connection, study_id: str) -> set[int]:
    """Return the cells that are live, waiting or already have a result."""
    query = select(trials.c.cell).where(
        trials.c.study_id == study_id,
        IS_TAKEN,
        trials.c.deleted_at.is_(None),
        trials.c.cell.is_not(None),
    )
    return set(c.execute(query).scalars())


def open_cells(c: Connection, study_id: str) -> int:
    """Count the cells that are live or waiting and have no result yet."""
    has_result = (
        select(observations.c.id)
        .where(
            observations.c.study_id == study_id,
            observations.c.cell == trials.c.cell,
            observations.c.removed_seq.is_(None),
        )
        .exists()
    )
    query = select(func.count(trials.c.cell.distinct())).where(
        trials.c.study_id == study_id,
        trials.c.state.in_(("active", "queued")),
        trials.c.deleted_at.is_(None),
        ~has_result,
    )
    return int(c.execute(query).scalar_one())


def pending_cells(c: Connection, study_id: str) -> list[int]:
    """Return the cells that are live or wait for a worker, ascending."""
    query = select(trials.c.cell).where(
        trials.c.study_id == study_id,
        trials.c.state.in_(("active", "queued")),
        trials.c.deleted_at.is_(None),
        trials.c.cell.is_not(None),
    )
    return sorted({int(cell) for cell in c.execute(query).scalars() if cell is not None})


def live(c: Connection, study_id: str) -> list[AnyRow]:
    """Return the trials that are with a worker, oldest first."""
    query = select(trials).where(trials.c.study_id == study_id, _LIVE)
    return list(c.execute(query.order_by(trials.c.number)).all())


def overdue(c: Connection, study_id: str, before: datetime) -> list[AnyRow]:
    """Return the live trials whose lease ran out before a moment, oldest first."""
    return list(c.execute(_OVERDUE, {"study_id": study_id, "before": before}).all())


def next_expiry(c: Connection, study_id: str) -> datetime | None:
    """Return when the next lease of a study runs out."""
    query = select(func.min(trials.c.lease_expires_at)).where(trials.c.study_id == study_id, _LIVE)
    found: datetime | None = c.execute(query).scalar_one()
    return found


def studies_with_overdue(c: Connection, before: datetime | None) -> list[str]:
    """Return the studies with leases that ran out before a moment, or with any (None)."""
    query = select(trials.c.study_id).where(_LIVE).distinct().order_by(trials.c.study_id)
    if before is not None:
        query = query.where(trials.c.lease_expires_at <= before)
    return list(c.execute(query).scalars())


def failures_of_cell(c: Connection, study_id: str, cell: int) -> int:
    """Count how often a cell's trials failed, or their workers vanished."""
    query = select(func.count()).where(
        trials.c.study_id == study_id,
        trials.c.cell == cell,
        trials.c.state.in_(("failed", "expired")),
        trials.c.deleted_at.is_(None),
    )
    return int(c.execute(query).scalar_one())


def succeeded_since(c: Connection, worker: str, moment: datetime) -> bool:
    """Say whether a worker has completed a trial of any study after a moment."""
    query = select(trials.c.id).where(
        trials.c.worker == worker, trials.c.state == "completed", trials.c.completed_at > moment
    )
    return c.execute(query.limit(1)).first() is not None
