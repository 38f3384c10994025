"""A key that was used is known, and a transaction that overlaps waits for it."""

import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from beliefgrid.storage import idempotency
from beliefgrid.storage.engine import Database, open_database
from tests.storage.conftest import NOW


def key_row(key: str, body: str = "{}") -> dict[str, Any]:
    """Return the row of an answer."""
    return {
        "scope": "s",
        "key": key,
        "fingerprint": "f",
        "status": 200,
        "body": body,
        "created_at": NOW,
    }


def test_a_key_is_taken_once(database: Database) -> None:
    """The second who adds it is told so, and the first answer stays."""
    assert database.write(lambda c: idempotency.add(c, key_row("k", "1"))).result() is True
    assert database.write(lambda c: idempotency.add(c, key_row("k", "2"))).result() is False

    found = database.read(lambda c: idempotency.find(c, "s", "k")).result()
    assert found is not None
    assert found.body == "1"


def test_old_keys_are_forgotten(database: Database) -> None:
    """By age, and no sooner."""
    database.write(lambda c: idempotency.add(c, key_row("k"))).result()

    assert database.write(lambda c: idempotency.forget(c, NOW)).result() == 0
    assert database.write(lambda c: idempotency.forget(c, NOW + timedelta(1))).result() == 1


def test_on_postgres_the_second_waits_for_the_first(postgres_url: str) -> None:
    """Until the first is committed, nobody can say whether the key is free."""
    database = open_database(postgres_url)
    added, go_on = threading.Event(), threading.Event()

    def first(c: Connection) -> bool:
        found = idempotency.add(c, key_row("k"))
        added.set()
        go_on.wait(5)
        return found

    one = database.write(first)
    added.wait(5)
    two = database.write(lambda c: idempotency.add(c, key_row("k")))
    assert not two.done()
    go_on.set()

    assert (one.result(5), two.result(5)) == (True, False)
    database.close()
