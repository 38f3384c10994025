"""Rows of webhooks, and of the outbox: events that a webhook has not got yet."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import events, outbox, webhooks

KEPT_S = 1.0  # another process learns of a new webhook this much later at most
_CACHE = "beliefgrid_webhooks"
_SUBSCRIBED = Prepared(
    select(webhooks.c.id, webhooks.c.kinds, webhooks.c.study_id).where(
        webhooks.c.removed_at.is_(None)
    ),
    reads_stored=True,
)
_ENQUEUE = insert(outbox)


# ---------------------------------------------------------------- events come in
def enqueue(c: Connection, rows: list[dict[str, Any]]) -> None:
    """Put events into the outbox of every webhook that wants them."""
    hooks = _subscribed(c)
    if not hooks:
        return
    wanted = [
        {
            "webhook_id": hook.id,
            "study_id": row["study_id"],
            "seq": row["seq"],
            "attempts": 0,
            "created_at": row["created_at"],
        }
        for hook in hooks
        for row in rows
        if _wants(hook, row)
    ]
    if wanted:
        c.execute(_ENQUEUE, wanted)


def _wants(hook: AnyRow, row: dict[str, Any]) -> bool:
    is_its_study = hook.study_id is None or hook.study_id == row["study_id"]
    return is_its_study and (not hook.kinds or row["kind"] in hook.kinds)


def _subscribed(c: Connection) -> Sequence[AnyRow]:
    # Every ask and tell comes by here; looking each time would cost a tenth of it on Postgres.
    # SQLite's one writing connection also makes and removes webhooks, so it is never wrong.
    kept = c.info.get(_CACHE)
    now = time.monotonic()
    if kept is None or kept[0] < now:
        kept = c.info[_CACHE] = (now + KEPT_S, _SUBSCRIBED.all(c, {}))
    found: Sequence[AnyRow] = kept[1]
    return found


# ---------------------------------------------------------------- webhooks
def add(c: Connection, row: dict[str, Any]) -> None:
    """Store a webhook."""
    c.execute(insert(webhooks), row)
    c.info.pop(_CACHE, None)


def remove(c: Connection, webhook_id: str, now: datetime) -> bool:
    """Remove a webhook and what it has not got yet; False if there is none."""
    statement = (
        update(webhooks)
        .where(webhooks.c.id == webhook_id, webhooks.c.removed_at.is_(None))
        .values(removed_at=now)
    )
    c.info.pop(_CACHE, None)
    if c.execute(statement).rowcount == 0:
        return False
    c.execute(delete(outbox).where(outbox.c.webhook_id == webhook_id))
    return True


def listed(c: Connection) -> list[AnyRow]:
    """Return the webhooks, newest first, with how much waits and how much was given up."""
    is_hers = outbox.c.webhook_id == webhooks.c.id
    waiting = select(func.count()).where(is_hers, outbox.c.given_up_at.is_(None))
    given_up = select(func.count()).where(is_hers, outbox.c.given_up_at.is_not(None))
    query = select(
        webhooks,
        waiting.scalar_subquery().label("waiting"),
        given_up.scalar_subquery().label("given_up"),
    )
    kept = query.where(webhooks.c.removed_at.is_(None))
    return list(c.execute(kept.order_by(webhooks.c.created_at.desc(), webhooks.c.id)).all())


# ---------------------------------------------------------------- deliveries go out
def due(c: Connection, now: datetime) -> list[str]:
    """Return the webhooks that have something to get now."""
    has_some = (
        select(outbox.c.id)
        .where(outbox.c.webhook_id == webhooks.c.id, outbox.c.given_up_at.is_(None))
        .exists()
    )
    query = select(webhooks.c.id).where(_is_free(now), has_some)
    return list(c.execute(query.order_by(webhooks.c.id)).scalars())


def claim(c: Connection, webhook_id: str, now: datetime, until: datetime) -> AnyRow | None:
    """Let nobody else deliver to a webhook for a while; None if somebody does."""
    statement = (
        update(webhooks)
        .where(webhooks.c.id == webhook_id, _is_free(now))
        .values(paused_until=until)
        .returning(webhooks)
    )
    return c.execute(statement).one_or_none()


def next_events(c: Connection, webhook_id: str, limit: int) -> list[AnyRow]:
    """Return what a webhook should get next, oldest first."""
    query = (
        select(
            outbox.c.id.label("outbox_id"),
            outbox.c.attempts,
            events,
        )
        .join(events, (events.c.study_id == outbox.c.study_id) & (events.c.seq == outbox.c.seq))
        .where(outbox.c.webhook_id == webhook_id, outbox.c.given_up_at.is_(None))
    )
    return list(c.execute(query.order_by(outbox.c.id).limit(limit)).all())


def delivered(c: Connection, outbox_ids: list[int]) -> None:
    """Forget what was delivered."""
    if outbox_ids:
        c.execute(delete(outbox).where(outbox.c.id.in_(outbox_ids)))


def failed(c: Connection, outbox_id: int, error: str, given_up_at: datetime | None) -> None:
    """Note an attempt that failed; it is the last one if a time is given."""
    values = {"attempts": outbox.c.attempts + 1, "last_error": error, "given_up_at": given_up_at}
    c.execute(update(outbox).where(outbox.c.id == outbox_id).values(values))


def settle(c: Connection, webhook_id: str, **values: Any) -> None:
    """Change columns of a webhook."""
    c.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(values))


def forget_given_up(c: Connection, before: datetime) -> None:
    """Drop deliveries that were given up long ago."""
    c.execute(delete(outbox).where(outbox.c.given_up_at < before))


def _is_free(now: datetime) -> Any:
    is_rested = or_(webhooks.c.paused_until.is_(None), webhooks.c.paused_until <= now)
    return webhooks.c.removed_at.is_(None) & is_rested
