"""Rows that remember which request already had its answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import idempotency_keys as keys

_FIND = select(keys).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key"))
_INSERT: dict[str, Any] = {
    "sqlite": sqlite.insert(keys).on_conflict_do_nothing().returning(keys.c.key),
    "postgresql": postgresql.insert(keys).on_conflict_do_nothing().returning(keys.c.key),
}


def find(c: Connection, scope: str, key: str) -> AnyRow | None:
    """Return the answer that a key already has."""
    return c.execute(_FIND, {"scope": scope, "key": key}).one_or_none()


def add(c: Connection, row: dict[str, Any]) -> bool:
    """Remember an answer; False if another transaction did it first.

    On Postgres this waits for a transaction that is about to store the same key.
    """
    statement = _INSERT[c.dialect.name]
    return c.execute(statement, row).first() is not None


def forget(c: Connection, before: datetime) -> int:
    """Drop the answers that are older than a moment."""
    return c.execute(delete(keys).where(keys.c.created_at < before)).rowcount
