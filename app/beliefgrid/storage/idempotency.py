"""Rows that remember which request already had its answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import idempotency_keys as keys

_FIND = select(keys).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key"))
_INSERT = insert(keys)


def find(c: Connection, scope: str, key: str) -> AnyRow | None:
    """Return the answer that a key already has."""
    return c.execute(_FIND, {"scope": scope, "key": key}).one_or_none()


def add(c: Connection, row: dict[str, Any]) -> None:
    """Remember an answer."""
    c.execute(_INSERT, row)


def forget(c: Connection, before: datetime) -> int:
    """Drop the answers that are older than a moment."""
    return c.execute(delete(keys).where(keys.c.created_at < before)).rowcount
