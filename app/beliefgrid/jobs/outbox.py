"""Events wait in the outbox until their webhook has taken them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from beliefgrid.actions import webhooks
from beliefgrid.actions.service import Job, Service
from beliefgrid.actions.signing import signature
from beliefgrid.posting import PostError, post

log = logging.getLogger(__name__)

LOOK_S = 1.0
AT_ONCE = 8  # webhooks
ENOUGH_S = 30.0  # spent on one batch; with one more attempt still within its claim
Post = Callable[[str, dict[str, str], bytes], Awaitable[int]]


def delivering(*, any_address: bool = False) -> Job:
    """Return the job that empties the outbox; private addresses are reached only if allowed."""

    async def send(url: str, headers: dict[str, str], body: bytes) -> int:
        return await post(url, headers, body, any_address=any_address)

    async def deliver_events(service: Service) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(webhook_id: str) -> None:
            async with slots:
                await deliver(service, webhook_id, send)

        while True:
            due = await service.read(webhooks.due, service.clock())
            await asyncio.gather(*(one(webhook_id) for webhook_id in due))
            if not due:
                await asyncio.sleep(LOOK_S)

    return deliver_events


async def deliver(service: Service, webhook_id: str, send: Post) -> None:
    """Send a webhook what waits for it, in order, until one is not taken."""
    key = await service.signing_key()
    batch = await service.write(webhooks.take, webhook_id, key=key)
    if batch is None:
        return
    if batch.secret is None:
        log.warning("webhook %s: %s", webhook_id, await service.write(webhooks.hold, batch))
        return
    delivered: list[webhooks.Delivery] = []
    failure = None
    began = time.monotonic()
    for delivery in batch.deliveries:
        try:
            await send(batch.url, _headers(service, batch.secret, delivery), delivery.body)
        except PostError as error:
            failure = webhooks.Failure(delivery, str(error), error.is_refusal)
            log.warning("webhook %s: %s", webhook_id, error)
            break
        delivered.append(delivery)
        service.metrics.delivered("ok")
        if time.monotonic() - began > ENOUGH_S:
            break
    is_given_up = await service.write(webhooks.settle, batch, delivered, failure)
    if failure is not None:
        service.metrics.delivered("given_up" if is_given_up else "retry")


def _headers(service: Service, secret: str, delivery: webhooks.Delivery) -> dict[str, str]:
    timestamp = int(service.clock().timestamp())
    signed = signature(secret, delivery.message_id, timestamp, delivery.body)
    return {
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }
