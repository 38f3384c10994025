"""Events reach a webhook: at least once, in order, signed."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, make_url, update

from beliefgrid.actions import create, manage, webhooks
from beliefgrid.actions.service import Service, open_service
from beliefgrid.actions.signing import Signing, SigningKey, signature
from beliefgrid.jobs.outbox import deliver, delivering
from beliefgrid.posting import post
from beliefgrid.storage.tables import webhooks as webhook_rows
from tests.api.support import STUDY
from tests.operation.receiving import Receiver
from tests.support.clock import Clock
from tests.support.waiting import wait_until

T = TypeVar("T")
DEFINITION = {name: STUDY[name] for name in ("parameters", "metrics")}


async def allowed(url: str, headers: dict[str, str], body: bytes) -> int:
    """Send to this machine, as BELIEFGRID_WEBHOOKS=any allows."""
    return await post(url, headers, body, any_address=True)


class Hooked:
    """A service without jobs, whose outbox is emptied when a test says so."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.key = SigningKey(b"k" * 32)

    async def hook(self, url: str, **options: Any) -> tuple[str, str]:
        """Make a webhook; its id and its secret."""
        given: dict[str, Any] = {"kinds": [], "study_id": None} | options
        make = webhooks.create_webhook
        view: Any = await self.service.write(make, url=url, key=self.key, **given)
        return view.id, self.key.secret_of(view.id)

    async def study(self) -> str:
        """Create a study; its id."""
        view = await self.service.write(create.create_study, definition=DEFINITION, name="s")
        return str(view.id)

    async def pause(self, study: str, state: str) -> None:
        """Let something happen in a study."""
        await self.service.write(manage.patch_study, study, changes={"state": state})

    async def empty(self) -> None:
        """Deliver what is due."""
        for webhook_id in await self.service.read(webhooks.due, self.service.clock()):
            await deliver(self.service, webhook_id, allowed)

    async def take(self, webhook: str) -> webhooks.Batch | None:
        """Claim a webhook as one process of several."""
        return await self.service.write(webhooks.take, webhook, key=self.key)

    async def listed(self) -> list[Any]:
        """List the webhooks."""
        return await self.service.read(webhooks.list_webhooks)


def run(url: str, clock: Clock, story: Callable[[Hooked], Any]) -> None:
    """Let something happen on a service."""

    async def tell() -> None:
        service = open_service(
            url, clock=clock, ticks=lambda: clock().timestamp(), secret_key="k" * 32
        )
        try:
            await story(Hooked(service))
        finally:
            await service.stop()

    asyncio.run(tell())


def test_events_arrive_in_order_and_signed(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """As standardwebhooks.com says: id, time, and a signature over both and the body."""

    async def story(hooked: Hooked) -> None:
        _, secret = await hooked.hook(url)
        study = await hooked.study()
        await hooked.pause(study, "paused")
        await hooked.pause(study, "active")

        await hooked.empty()

        assert receiver.kinds[-2:] == ["study_paused", "study_active"]
        key = base64.b64decode(secret.removeprefix("whsec_"))
        for headers, body in receiver.got:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{expected}"
            assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
            assert json.loads(body)["data"]["study"] == study
        ids = [headers["webhook-id"] for headers, _ in receiver.got]
        assert len(set(ids)) == len(ids)
        (listed,) = await hooked.listed()
        assert (listed.waiting, listed.failures) == (0, 0)
        assert secret not in str(listed)

    run(database_url, clock, story)


def test_a_webhook_gets_only_what_it_asked_for(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """Kinds of events, one study; nothing from before it was made or after it was removed."""

    async def story(hooked: Hooked) -> None:
        study, other = await hooked.study(), await hooked.study()
        webhook, _ = await hooked.hook(url, kinds=["study_paused"], study_id=study)
        for one in (study, other):
            await hooked.pause(one, "paused")
            await hooked.pause(one, "active")

        await hooked.empty()
        got = [json.loads(body) for _, body in receiver.got]
        await hooked.service.write(webhooks.remove_webhook, webhook)
        await hooked.pause(study, "paused")
        await hooked.empty()

        assert [(one["type"], one["data"]["study"]) for one in got] == [("study_paused", study)]
        assert len(receiver.got) == 1
        assert await hooked.listed() == []

    run(database_url, clock, story)


def test_an_event_that_was_undone_is_not_sent(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """The outbox is written in the transaction of the event."""

    def pause_and_fail(c: Any, study: str, *, now: Any) -> None:
        manage.patch_study(c, study, changes={"state": "paused"}, now=now)
        raise ValueError("on second thoughts")

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        await hooked.hook(url)
        with pytest.raises(ValueError, match="second"):
            await hooked.service.write(pause_and_fail, study)

        await hooked.empty()

        assert receiver.got == []

    run(database_url, clock, story)


def test_a_receiver_that_is_down_gets_everything_later(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """The same event, with the same id, after pauses that grow; then the ones behind it."""
    receiver.statuses = [503, 500]

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        await hooked.hook(url)
        await hooked.pause(study, "paused")
        await hooked.pause(study, "active")

        await hooked.empty()
        (down,) = await hooked.listed()
        await hooked.empty()  # too early
        assert len(receiver.got) == 1
        clock.advance(webhooks.pause_s(1))
        await hooked.empty()
        clock.advance(webhooks.pause_s(1))
        await hooked.empty()  # too early: the second pause is longer
        assert len(receiver.got) == 2
        clock.advance(webhooks.pause_s(2))
        await hooked.empty()
        (up,) = await hooked.listed()

        assert receiver.kinds == ["study_paused"] * 3 + ["study_active"]
        assert len({headers["webhook-id"] for headers, _ in receiver.got[:3]}) == 1
        assert (down.waiting, down.failures, down.last_error) == (2, 1, "answered 503")
        assert (up.waiting, up.failures, up.last_error) == (0, 0, None)

    run(database_url, clock, story)


@pytest.mark.parametrize(
    ("status", "attempts"),
    [(400, webhooks.MOST_REFUSALS), (302, webhooks.MOST_REFUSALS), (500, webhooks.MOST_ATTEMPTS)],
)
def test_an_event_that_is_never_taken_is_given_up(
    sqlite_url: str, clock: Clock, receiver: Receiver, url: str, status: int, attempts: int
) -> None:
    """It is counted, and does not hold up the ones behind it; no redirect is followed."""
    receiver.statuses = [status] * attempts

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        await hooked.hook(url)
        await hooked.pause(study, "paused")
        await hooked.pause(study, "active")

        for _ in range(attempts + 1):
            await hooked.empty()
            clock.advance(webhooks.LONGEST_PAUSE_S)
        (listed,) = await hooked.listed()

        assert receiver.kinds == ["study_paused"] * attempts + ["study_active"]
        assert (listed.waiting, listed.given_up) == (0, 1)

    run(sqlite_url, clock, story)


def test_two_processes_do_not_deliver_to_one_webhook_at_once(
    database_url: str, clock: Clock, url: str
) -> None:
    """Who has claimed it has it, until it is settled or the claim ran out."""

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        webhook, _ = await hooked.hook(url)
        await hooked.pause(study, "paused")

        first = await hooked.take(webhook)
        second = await hooked.take(webhook)
        clock.advance(webhooks.CLAIM.total_seconds())
        third = await hooked.take(webhook)

        assert first is not None
        assert second is None
        assert third is not None
        assert third.deliveries == first.deliveries

    run(database_url, clock, story)


def test_nothing_is_signed_with_another_key(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """What waits stays as it is, and says why, until the key is back; no attempt is counted."""

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        await hooked.hook(url)
        await hooked.pause(study, "paused")
        ours, hooked.service.signing = hooked.service.signing, Signing(make_url(url), "x" * 32)

        await hooked.empty()
        (held,) = await hooked.listed()
        hooked.service.signing = ours
        clock.advance(webhooks.HELD.total_seconds())
        await hooked.empty()
        (after,) = await hooked.listed()

        assert (held.waiting, held.failures, receiver.kinds) == (1, 0, ["study_paused"])
        assert "secret key" in str(held.last_error)
        assert (after.waiting, after.last_error) == (0, None)

    run(database_url, clock, story)


def test_a_webhook_from_before_the_key_keeps_its_secret(
    database_url: str, clock: Clock, receiver: Receiver, url: str
) -> None:
    """Its receiver knows no other one; the list says that it lies in the database."""
    stored = "whsec_" + base64.b64encode(b"s" * 32).decode()

    def as_before(c: Connection, webhook: str, **_: Any) -> None:
        old = {"secret": stored, "key_name": None}
        c.execute(update(webhook_rows).where(webhook_rows.c.id == webhook).values(old))

    async def story(hooked: Hooked) -> None:
        study = await hooked.study()
        webhook, _ = await hooked.hook(url)
        await hooked.service.write(as_before, webhook)
        await hooked.pause(study, "paused")

        await hooked.empty()
        (listed,) = await hooked.listed()

        ((headers, body),) = receiver.got
        name, at = headers["webhook-id"], int(headers["webhook-timestamp"])
        assert headers["webhook-signature"] == signature(stored, name, at, body)
        assert listed.secret_stored

    run(database_url, clock, story)


def test_the_release_before_does_not_sign_with_what_is_stored() -> None:
    """It took the column for the key; what stands there now is none, so it sends nothing."""
    with pytest.raises(binascii.Error):
        signature(webhooks.DERIVED, "id", 0, b"")


def test_the_job_delivers_by_itself(sqlite_url: str, receiver: Receiver, url: str) -> None:
    """In a running service an event arrives about a second later."""

    async def story() -> None:
        jobs = (delivering(any_address=True),)
        service = open_service(sqlite_url, jobs=jobs, secret_key="k" * 32)
        await service.start()
        try:
            hooked = Hooked(service)
            await hooked.hook(url, kinds=["study_paused"])
            await hooked.pause(await hooked.study(), "paused")
            await asyncio.to_thread(wait_until, lambda: bool(receiver.got))
        finally:
            await service.stop()

    asyncio.run(story())

    assert receiver.kinds == ["study_paused"]
