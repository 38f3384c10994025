"""Rows of events: what happened in a study, in order, without a gap."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from beliefgrid.storage import transaction, webhooks
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import events

_ADD = Prepared(insert(events), [column.name for column in events.c])

_OF_KIND_AFTER = Prepared(
    select(events.c.seq)
    .where(
        events.c.study_id == bindparam("study_id"),
        events.c.seq > bindparam("after"),
        events.c.kind == bindparam("wanted"),
    )
    .limit(1)
)


def add(c: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events."""
    carried = transaction.putting_off(c)
    if carried is None:
        _ADD.run_many(c, rows)
    else:
        for one in rows:
            carried.put_off(_ADD, one)
    transaction.note_events(c, [row["kind"] for row in rows])
    webhooks.enqueue(c, rows)


def row(
    study_id: str,
    seq: int,
    kind: str,
    now: datetime,
    *,
    number: int | None = None,
    actor: str | None = None,
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an event as a row."""
    return {
        "study_id": study_id,
        "seq": seq,
        "kind": kind,
        "number": number,
        "actor": actor,
        "data": data or {},
        "created_at": now,
    }


def after(c: Connection, study_id: str, seq: int, limit: int) -> list[AnyRow]:
    """Return the events after one, in order."""
    query = select(events).where(events.c.study_id == study_id, events.c.seq > seq)
    return list(c.execute(query.order_by(events.c.seq).limit(limit)).all())


def has_after(c: Connection, study_id: str, seq: int, kind: str) -> bool:
    """Say whether an event of a kind came after another one."""
    said = {"study_id": study_id, "after": seq, "wanted": kind}
    return _OF_KIND_AFTER.first(c, said) is not None


def of_kind(c: Connection, study_id: str, kind: str) -> list[AnyRow]:
    """Return all events of one kind, in order."""
    query = select(events).where(events.c.study_id == study_id, events.c.kind == kind)
    return list(c.execute(query.order_by(events.c.seq)).all())
