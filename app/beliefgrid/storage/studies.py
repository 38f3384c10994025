"""Rows of studies and of the revisions of their definitions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, func, insert, or_, select, update

from beliefgrid.storage import transaction
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import (
    WRONG_CURSOR,
    AnyRow,
    CursorError,
    Page,
    decode_cursor,
    page_of,
)
from beliefgrid.storage.tables import observations, revisions, studies

_BY_ID = select(studies).where(studies.c.id == bindparam("study_id"))
# What every ask and tell reads: without the definition, which may be large and is kept in memory.
_LIGHT = [column for column in studies.c if column.name not in ("definition", "notes", "tags")]
_LOCKED = Prepared(
    select(*_LIGHT).where(studies.c.id == bindparam("study_id")).with_for_update(),
    reads_stored=True,  # the rows that wait are of trials, and a study whose row waits is held
)
_COUNTS = (observations.c.kind == "value") & observations.c.removed_seq.is_(None)


def find(c: Connection, study_id: str) -> AnyRow | None:
    """Return the study's row, deleted or not."""
    return c.execute(_BY_ID, {"study_id": study_id}).one_or_none()


def lock(c: Connection, study_id: str) -> AnyRow | None:
    """Return a study's row, without its definition and notes, and let nobody else change it.

    The lock ends with the transaction.
    """
    carried = transaction.putting_off(c)
    row: AnyRow | None = carried.held(study_id) if carried is not None else None
    if row is None:
        row = _LOCKED.first(c, {"study_id": study_id})
        if carried is not None and row is not None:
            carried.hold(study_id, row, _write)
    return row


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store a new study."""
    c.execute(insert(studies), row)


_change_statements: dict[tuple[str, ...], Prepared] = {}


def change(c: Connection, study_id: str, values: dict[str, Any]) -> None:
    """Set columns of one study."""
    carried = transaction.putting_off(c)
    if carried is not None and carried.held(study_id) is not None:
        carried.change_held(study_id, values)
    else:
        _write(c, study_id, values)


def _write(c: Connection, study_id: str, values: Mapping[str, Any]) -> None:
    names = tuple(sorted(values))
    statement = _change_statements.get(names)
    if statement is None:
        # Building a statement costs more than running it; there are a dozen shapes.
        columns = {name: bindparam(f"new_{name}", type_=studies.c[name].type) for name in names}
        statement = Prepared(
            update(studies).where(studies.c.id == bindparam("study")).values(columns)
        )
        _change_statements[names] = statement
    statement.run(c, {"study": study_id} | {f"new_{n}": v for n, v in values.items()})


def page(
    c: Connection, *, state: str | None, q: str | None, cursor: str | None, limit: int
) -> Page[AnyRow]:
    """List studies that are not deleted, newest first."""
    query = select(studies).where(studies.c.deleted_at.is_(None))
    if state is not None:
        query = query.where(studies.c.state == state)
    if q:
        like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        tags = func.lower(cast(studies.c.tags, String))
        query = query.where(
            or_(
                func.lower(studies.c.name).like(like.lower(), escape="\\"),
                tags.like(like.lower(), escape="\\"),
                studies.c.id == q,
            )
        )
    position = decode_cursor(cursor, (str, str))
    if position is not None:
        created, study_id = _instant(position[0]), position[1]
        query = query.where(
            or_(
                studies.c.created_at < created,
                (studies.c.created_at == created) & (studies.c.id < study_id),
            )
        )
    query = query.order_by(studies.c.created_at.desc(), studies.c.id.desc()).limit(limit + 1)
    rows = c.execute(query).all()
    return page_of(rows, limit, lambda row: (row.created_at.isoformat(), row.id))


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CursorError(WRONG_CURSOR) from error
    if found.tzinfo is None:
        raise CursorError(WRONG_CURSOR)
    return found


def by_name(c: Connection, name: str) -> list[AnyRow]:
    """Return the studies of that name that are not deleted, newest first."""
    query = select(studies).where(studies.c.name == name, studies.c.deleted_at.is_(None))
    return list(c.execute(query.order_by(studies.c.created_at.desc())).all())


def moved(
    c: Connection, since: datetime, limit: int, only: Sequence[str] | None = None
) -> list[AnyRow]:
    """Return the studies that anything happened to after a moment, deleted ones too, in order."""
    columns = (studies.c.id, studies.c.seq, studies.c.snapshot_seq, studies.c.state)
    query = select(*columns, studies.c.updated_at, studies.c.deleted_at)
    query = query.where(studies.c.updated_at > since)
    if only is not None:
        query = query.where(studies.c.id.in_(only))
    return list(c.execute(query.order_by(studies.c.updated_at).limit(limit)).all())


def behind(c: Connection) -> list[str]:
    """Return the studies whose newest snapshot has not seen every result, or that have none."""
    query = select(studies.c.id).where(
        studies.c.results > studies.c.snapshot_results, studies.c.deleted_at.is_(None)
    )
    return list(c.execute(query.order_by(studies.c.updated_at)).scalars())


def unseen(c: Connection, study_id: str) -> int:
    """Return how many results the newest snapshot of a study has not seen."""
    query = select(studies.c.results - studies.c.snapshot_results).where(studies.c.id == study_id)
    return int(c.execute(query).scalar_one())


def out_of_time(c: Connection, now: datetime | None) -> list[str]:
    """Return the open studies whose time ends before now, or all whose time ends."""
    query = select(studies.c.id).where(
        studies.c.ends_at.is_not(None) if now is None else studies.c.ends_at <= now,
        studies.c.state.in_(("active", "paused")),
        studies.c.deleted_at.is_(None),
    )
    return list(c.execute(query.order_by(studies.c.id)).scalars())


def miscounted(c: Connection) -> list[str]:
    """Return the studies whose number of observations is not that of the rows."""
    counted = (
        select(observations.c.study_id, func.count().label("counted"))
        .where(_COUNTS)
        .group_by(observations.c.study_id)
        .subquery()
    )
    query = (
        select(studies.c.id)
        .select_from(studies.outerjoin(counted, counted.c.study_id == studies.c.id))
        .where(studies.c.observations != func.coalesce(counted.c.counted, 0))
    )
    return list(c.execute(query).scalars())


def count_observations(c: Connection, study_id: str) -> int:
    """Count the observations of a study, row by row."""
    query = select(func.count()).where(observations.c.study_id == study_id, _COUNTS)
    return int(c.execute(query).scalar_one())


def add_revision(c: Connection, row: dict[str, Any]) -> None:
    """Store what a study's definition is from an event on."""
    c.execute(insert(revisions), row)


def definition_at(c: Connection, study_id: str, revision: int) -> dict[str, Any]:
    """Return the definition of one revision."""
    query = select(revisions.c.definition).where(
        revisions.c.study_id == study_id, revisions.c.revision == revision
    )
    found: dict[str, Any] = c.execute(query).scalar_one()
    return found


def revision_at(c: Connection, study_id: str, seq: int) -> int:
    """Return the revision that was in force at an event."""
    query = select(func.max(revisions.c.revision)).where(
        revisions.c.study_id == study_id, revisions.c.seq <= seq
    )
    return int(c.execute(query).scalar_one())
