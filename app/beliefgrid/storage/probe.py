"""Whether the database takes changes: the question after one was refused."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from beliefgrid.storage.tables import idempotency_keys as keys

SCOPE = "probe"
# More than one ordinary change writes, so that the last free page does not pass for room.
FILLER = "x" * 65536


def ping(c: Connection) -> None:
    """Read something."""
    c.execute(select(1))


def write_and_forget(c: Connection, *, now: datetime) -> None:
    """Write something for real, and leave nothing."""
    key = secrets.token_hex(8)
    row = {"scope": SCOPE, "key": key, "fingerprint": "", "status": 0, "body": FILLER}
    c.execute(insert(keys), row | {"created_at": now})
    c.execute(delete(keys).where(keys.c.scope == SCOPE, keys.c.key == key))
