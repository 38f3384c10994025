"""Webhooks: events of studies that are sent to an address, at least once, in order.

Events are put into the outbox in the transaction that stores them. A delivery is signed as
https://www.standardwebhooks.com says, for which libraries exist in every language.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import study_unknown
from beliefgrid.actions.errors import WebhookUnknownError
from beliefgrid.actions.signing import SigningKey
from beliefgrid.storage import studies, webhooks
from beliefgrid.storage.rows import AnyRow

AT_ONCE = 20  # events that one claim delivers at most
CLAIM = timedelta(seconds=60)
MOST_ATTEMPTS = 12  # with back-off, about a day
MOST_REFUSALS = 3  # a receiver that says "this request is wrong" will not change its mind
KEPT = timedelta(days=7)  # what was given up
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 4 * 3600.0
_LONG = ("theta", "pending", "prior")  # what only a rebuild needs
HELD = timedelta(seconds=60)
DERIVED = "derived"  # no base64: a release that would sign with this cannot
_OTHER_KEY = (
    "the service's secret key is not the one that this webhook was made with; give it back, or "
    "make the webhook anew"
)


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook without its secret."""

    id: str
    url: str
    kinds: list[str]
    study_id: str | None
    secret_stored: bool
    created_by: str | None
    created_at: datetime
    waiting: int
    given_up: int
    failures: int
    last_error: str | None
    last_delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way: the same id and body at every attempt."""

    outbox_id: int
    attempts: int
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one webhook gets next, and who else must wait until this is settled.

    secret: None if this process does not have the key that it follows from.
    """

    webhook_id: str
    url: str
    secret: str | None
    failures: int
    deliveries: list[Delivery]


@dataclass(frozen=True, slots=True)
class Failure:
    """The delivery that failed; those after it were not tried."""

    delivery: Delivery
    error: str
    is_refusal: bool = False


def create_webhook(
    c: Connection,
    *,
    url: str,
    kinds: list[str],
    study_id: str | None,
    key: SigningKey,
    actor: str | None = None,
    now: datetime,
) -> WebhookView:
    """Make a webhook, whose secret follows from a key and its id, and is stored nowhere.

    Raises:
        StudyUnknownError: it is for a study that there is not.
    """
    if study_id is not None and studies.find(c, study_id) is None:
        raise study_unknown(study_id)
    webhook_id = secrets.token_hex(4)
    row: dict[str, Any] = {
        "id": webhook_id,
        "url": url,
        "secret": DERIVED,
        "key_name": key.name,
        "kinds": sorted(set(kinds)),
        "study_id": study_id,
        "created_by": actor,
        "created_at": now,
        "failures": 0,
    }
    webhooks.add(c, row)
    return _view(**row, waiting=0, given_up=0, last_error=None, last_delivered_at=None)


def list_webhooks(c: Connection) -> list[WebhookView]:
    """Return the webhooks, newest first."""
    return [_view(**row._mapping) for row in webhooks.listed(c)]


def remove_webhook(c: Connection, webhook_id: str, *, now: datetime) -> None:
    """Send nothing more to a webhook."""
    if not webhooks.remove(c, webhook_id, now):
        raise WebhookUnknownError(f"expected the id of a webhook, got {webhook_id[:60]!r}")


# ---------------------------------------------------------------- deliveries
def due(c: Connection, now: datetime) -> list[str]:
    """Return the webhooks that have something to get now."""
    return webhooks.due(c, now)


def take(c: Connection, webhook_id: str, *, key: SigningKey | None, now: datetime) -> Batch | None:
    """Claim a webhook and return what it gets next; None if another process has it."""
    row = webhooks.claim(c, webhook_id, now, now + CLAIM)
    if row is None:
        return None
    found = [_delivery(event) for event in webhooks.next_events(c, webhook_id, AT_ONCE)]
    return Batch(row.id, row.url, _secret_of(row, key), row.failures, found)


def hold(c: Connection, batch: Batch, *, now: datetime) -> str:
    """Leave all as it is until the key is there; return why."""
    webhooks.settle(c, batch.webhook_id, last_error=_OTHER_KEY, paused_until=now + HELD)
    return _OTHER_KEY


def settle(
    c: Connection,
    batch: Batch,
    delivered: list[Delivery],
    failure: Failure | None,
    *,
    now: datetime,
) -> bool:
    """Note what became of a batch; True if its failed delivery is given up."""
    webhooks.delivered(c, [delivery.outbox_id for delivery in delivered])
    webhooks.forget_given_up(c, now - KEPT)
    news: dict[str, Any] = {"last_delivered_at": now} if delivered else {}
    if failure is None:
        webhooks.settle(c, batch.webhook_id, paused_until=None, failures=0, last_error=None, **news)
        return False
    is_last = _is_last(failure)
    failures = 1 if delivered else batch.failures + 1
    pause = timedelta(seconds=pause_s(failures))
    webhooks.failed(c, failure.delivery.outbox_id, failure.error, now if is_last else None)
    news |= {"failures": failures, "last_error": failure.error, "paused_until": now + pause}
    webhooks.settle(c, batch.webhook_id, **news)
    return is_last


def pause_s(failures: int) -> float:
    """Return how long a webhook is left alone after so many failures running."""
    return min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE_S)


def _view(*, key_name: str | None, **row: Any) -> WebhookView:
    shown = {name: row[name] for name in WebhookView.__slots__ if name in row}
    return WebhookView(secret_stored=key_name is None, **shown)


def _secret_of(row: AnyRow, key: SigningKey | None) -> str | None:
    if row.key_name is None:
        return str(row.secret)
    return key.secret_of(row.id) if key is not None and key.name == row.key_name else None


def _is_last(failure: Failure) -> bool:
    attempts = failure.delivery.attempts + 1
    return attempts >= (MOST_REFUSALS if failure.is_refusal else MOST_ATTEMPTS)


def _delivery(row: AnyRow) -> Delivery:
    data = {name: value for name, value in row.data.items() if name not in _LONG}
    body = {
        "type": row.kind,
        "timestamp": row.created_at.isoformat(),
        "data": {
            "study": row.study_id,
            "seq": row.seq,
            "trial": row.number,
            "actor": row.actor,
            **{name: value for name, value in data.items() if name not in {"study", "seq"}},
        },
    }
    text = json.dumps(body, separators=(",", ":"))
    return Delivery(row.outbox_id, row.attempts, f"{row.study_id}.{row.seq}", text.encode())
