"""Rows that remember which request already had its answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from beliefgrid.storage import transaction
from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import idempotency_keys as keys

_FIND = Prepared(
    select(keys).where(keys.c.scope == bindparam("scope"), keys.c.key == bindparam("key")),
    reads_stored=True,
)
_ADD = {
    name: Prepared(insert(keys).on_conflict_do_nothing(), [column.name for column in keys.c])
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def find(c: Connection, scope: str, key: str) -> AnyRow | None:
    """Return the answer that a key already has."""
    transaction.settle(c, ("key", scope, key))
    row: AnyRow | None = _FIND.first(c, {"scope": scope, "key": key})
    return row


def add(c: Connection, row: dict[str, Any]) -> bool:
    """Remember an answer; False if another transaction did it first.

    On Postgres this waits for a transaction that is about to store the same key. Where it is put
    off, the transaction ends with an `OverlapError` if another one was first.
    """
    statement = _ADD[c.dialect.name]
    carried = transaction.putting_off(c)
    if carried is None:
        return statement.run(c, row) == 1
    carried.put_off(statement, row, ("key", row["scope"], row["key"]))
    return True


def forget(c: Connection, before: datetime) -> int:
    """Drop the answers that are older than a moment."""
    return c.execute(delete(keys).where(keys.c.created_at < before)).rowcount
