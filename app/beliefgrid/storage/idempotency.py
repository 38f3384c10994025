"""Rows that remember which request already had its answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import idempotency_keys as keys

_FIND = Prepared(
    select(keys).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key"))
)
_ADD = {
    name: Prepared(
        insert(keys).on_conflict_do_nothing().returning(keys.c.key),
        [column.name for column in keys.c],
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def find(c: Connection, scope: str, key: str) -> AnyRow | None:
    """Return the answer that a key already has."""
    row: AnyRow | None = _FIND.first(c, {"scope": scope, "key": key})
    return row


def add(c: Connection, row: dict[str, Any]) -> bool:
    """Remember an answer; False if another transaction did it first.

    On Postgres this waits for a transaction that is about to store the same key.
    """
    return _ADD[c.dialect.name].first(c, row) is not None


def forget(c: Connection, before: datetime) -> int:
    """Drop the answers that are older than a moment."""
    return c.execute(delete(keys).where(keys.c.created_at < before)).rowcount
