"""A request that is sent twice is done once: its answer is stored with its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from beliefgrid.actions.errors import IdempotencyKeyReusedError
from beliefgrid.storage import idempotency

T = TypeVar("T")
KEPT = timedelta(hours=24)
Render = Callable[[T], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Once:
    """A request's key, whose it is (scope), and a hash of what it says (fingerprint)."""

    key: str
    scope: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body, and whether they were given before."""

    status: int
    body: str
    replayed: bool


def once(
    c: Connection, request: Once | None, action: Callable[[Connection], T], render: Render[T], *, now: datetime
) -> Answer:
    """Do the action and store its answer, or give the answer that is already stored.

    Raises:
        IdempotencyKeyReusedError: the key belongs to a request that says something else.
    """
    if request is not None:
        stored = idempotency.find(c, request.scope, request.key)
        if stored is not None:
            if stored.fingerprint != request.fingerprint:
                raise IdempotencyKeyReusedError(
                    "this Idempotency-Key was used for a different request; use a new key for "
                    "each new request, the same one only to repeat it"
                )
            return Answer(stored.status, stored.body, replayed=True)
    status, body = render(action(c))
    if request is not None:
        row: dict[str, Any] = {
            "scope": request.scope,
            "key": request.key,
            "fingerprint": request.fingerprint,
            "status": status,
            "body": body,
            "created_at": now,
        }
        idempotency.add(c, row)
    return Answer(status, body, replayed=False)


def forget_old(c: Connection, *, now: datetime) -> int:
    """Drop answers that nobody will ask for again."""
    return idempotency.forget(c, now - KEPT)
