"""Rows of events: what happened in a study, in order, without a gap."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from beliefgrid.storage import webhooks
from beliefgrid.storage.engine import note_events
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import events

_INSERT = insert(events)
_ADD = Prepared(_INSERT, [column.name for column in events.c])
FEW = 4  # up to here one statement a row is quicker


def add(c: Connection, rows: list[dict[str, Any]]) -> None:
    """Store events."""
    if len(rows) > FEW:
        c.execute(_INSERT, rows)
    else:
        for one in rows:
            _ADD.run(c, one)
    note_events(c, [row["kind"] for row in rows])
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


def of_kind(c: Connection, study_id: str, kind: str) -> list[AnyRow]:
    """Return all events of one kind, in order."""
    query = select(events).where(events.c.study_id == study_id, events.c.kind == kind)
    return list(c.execute(query.order_by(events.c.seq)).all())
