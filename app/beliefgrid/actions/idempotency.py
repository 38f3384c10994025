"""A request that is sent twice is done once: its answer is stored with its effect."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from beliefgrid.actions.errors import ActionError, IdempotencyKeyReusedError
from beliefgrid.storage import idempotency
from beliefgrid.storage.errors import OverlapError
from beliefgrid.storage.rows import AnyRow

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
    c: Connection,
    request: Once | None,
    action: Callable[[Connection], T],
    render: Render[T],
    *,
    now: datetime,
) -> Answer:
    """Do the action and store its answer, or give the answer that is already stored.

    Raises:
        IdempotencyKeyReusedError: the key belongs to a request that says something else.
        OverlapError: the request overlaps its own first attempt, which was quicker.
    """
    if request is None:
        return Answer(*render(action(c)), replayed=False)
    stored = idempotency.find(c, request.scope, request.key)
    if stored is not None:
        return _replayed(request, stored)
    try:
        status, body = render(action(c))
    except ActionError as refusal:
        # What the first attempt did may be why this one is refused.
        if idempotency.find(c, request.scope, request.key) is not None:
            raise OverlapError from refusal
        raise
    row: dict[str, Any] = {
        "scope": request.scope,
        "key": request.key,
        "fingerprint": request.fingerprint,
        "status": status,
        "body": body,
        "created_at": now,
    }
    if not idempotency.add(c, row):
        raise OverlapError
    return Answer(status, body, replayed=False)


def _replayed(request: Once, stored: AnyRow) -> Answer:
    if stored.fingerprint != request.fingerprint:
        raise IdempotencyKeyReusedError(
            "this Idempotency-Key was used for a different request; use a new key for each new "
            "request, the same one only to repeat it"
        )
    return Answer(stored.status, stored.body, replayed=True)


def forget_old(c: Connection, *, now: datetime) -> int:
    """Drop answers that nobody will ask for again."""
    return idempotency.forget(c, now - KEPT)
