"""Events reach a webhook: at least once, in order, signed, and never a private place."""

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import pytest

from beliefgrid import posting
from beliefgrid.actions import create, manage, webhooks
from beliefgrid.actions.service import Service, open_service
from beliefgrid.jobs.outbox import deliver, delivering
from beliefgrid.posting import PostError, is_public, post, target_of
from tests.api.support import STUDY
from tests.support.clock import Clock
from tests.support.missing import lacking
from tests.support.waiting import wait_until

T = TypeVar("T")
DEFINITION = {name: STUDY[name] for name in ("parameters", "metrics")}


class Receiver:
    """A web server that notes what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        """Note a request; return the status for it."""
        self.got.append((headers, body))
        return self.statuses.pop(0) if self.statuses else 204

    @property
    def kinds(self) -> list[str]:
        """What kinds of events came, in order."""
        return [json.loads(body)["type"] for _, body in self.got]


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    """Run a receiver; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.answer(headers, body))
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?a=1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Receiver:
    """A receiver that takes everything."""
    return Receiver()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    """Its address."""
    with listening(receiver) as address:
        yield address


async def allowed(url: str, headers: dict[str, str], body: bytes) -> int:
    """Send to this machine, as BELIEFGRID_WEBHOOKS=any allows."""
    return await post(url, headers, body, any_address=True)


class Hooked:
    """A service without jobs, whose outbox is emptied when a test says so."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def hook(self, url: str, **options: Any) -> tuple[str, str]:
        """Make a webhook; its id and its secret."""
        given: dict[str, Any] = {"kinds": [], "study_id": None} | options
        secret, view = await self.service.write(webhooks.create_webhook, url=url, **given)
        return view.id, secret

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

    async def listed(self) -> list[Any]:
        """List the webhooks."""
        return await self.service.read(webhooks.list_webhooks)


def run(url: str, clock: Clock, story: Callable[[Hooked], Any]) -> None:
    """Let something happen on a service."""

    async def tell() -> None:
        service = open_service(url, clock=clock, ticks=lambda: clock().timestamp())
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

        first = await hooked.service.write(webhooks.take, webhook)
        second = await hooked.service.write(webhooks.take, webhook)
        clock.advance(webhooks.CLAIM.total_seconds())
        third = await hooked.service.write(webhooks.take, webhook)

        assert first is not None
        assert second is None
        assert third is not None
        assert third.deliveries == first.deliveries

    run(database_url, clock, story)


def test_the_job_delivers_by_itself(sqlite_url: str, receiver: Receiver, url: str) -> None:
    """In a running service an event arrives about a second later."""

    async def story() -> None:
        service = open_service(sqlite_url, jobs=(delivering(any_address=True),))
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


# ---------------------------------------------------------------- where it may lead
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",  # noqa: S104 - not bound to
        "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_spelling(address: str) -> None:
    """This machine, private networks, the cloud's metadata, and IPv6 that wraps them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_known(address: str) -> None:
    """Else nothing could be sent."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/", "ftp://example.org/", "https:///path", "example.org",
        "https://user:pw@example.org/", "https://example.org/#part", "https://127.0.0.1/",
        "https://[::1]/", "https://localhost/", "https://db.internal/", "https://exa mple.org/",
        "https://example.org/\r\nX: y", "https://example.org:99999/", "https://ex\u00e4mple.org/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_once(address: str) -> None:
    """What cannot be a public https address is not stored."""
    with pytest.raises(ValueError, match=r"expected|Port|port|IPv6"):
        target_of(address, any_address=False)


def test_a_name_is_resolved_once_and_checked(receiver: Receiver) -> None:
    """A name that leads to this machine is refused, also if one of its addresses is public."""
    asked = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["1.1.1.1", "127.0.0.1"]

    with pytest.raises(PostError, match="private address"):
        asyncio.run(post("https://rebinding.example/", {}, b"{}", resolve=resolve))

    assert asked == ["rebinding.example"]
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_checked(url: str, receiver: Receiver) -> None:
    """The name is sent along, but not looked up again."""
    asked = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    named = url.replace("127.0.0.1", "no-such-name.example")
    status = asyncio.run(post(named, {}, b"{}", any_address=True, resolve=resolve))

    assert status == 204
    assert asked == ["no-such-name.example"]
    assert receiver.got[0][0]["host"].startswith("no-such-name.example:")


@pytest.mark.parametrize("said", [b"", b"not http\r\n", b"x" * (2 * posting.MOST_HEAD)])
def test_an_answer_that_is_none_is_an_error(said: bytes) -> None:
    """Nothing, nonsense, and a line without an end."""

    async def story() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(said)
                await writer.drain()
                writer.write_eof()
                await reader.read()
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await post(f"http://127.0.0.1:{port}/", {}, b"{}", any_address=True)

    with pytest.raises(PostError):
        asyncio.run(story())


def test_a_receiver_that_never_answers_is_left_in_time() -> None:
    """Whatever it does, it costs a few seconds at most."""

    async def story() -> None:
        async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read()
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(dawdle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            await post(url, {}, b"{}", any_address=True, timeout_s=0.2)

    with pytest.raises(PostError, match=r"within 0\.2 seconds"):
        asyncio.run(story())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own making for hooks.example, with its key in the same file."""
    program = shutil.which("openssl")
    if program is None:
        lacking("openssl", "To run webhooks over TLS: apt-get install openssl")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=hooks.example", "-addext",
         "subjectAltName=DNS:hooks.example", "-keyout", file, "-out", file.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


@pytest.mark.parametrize(
    ("name", "is_trusted", "says"),
    [
        ("hooks.example", True, "204"),
        ("hooks.example", False, "certificate verify failed"),
        ("other.example", True, "certificate is not valid for 'other.example'"),
    ],
)
def test_the_other_side_proves_who_it_is(
    certificate: Path, name: str, says: str, *, is_trusted: bool
) -> None:
    """Over TLS the certificate is checked against the name, although an address is called."""
    got = []

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            got.append(await reader.readuntil(b"{}"))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
            await reader.read()
        finally:
            writer.transport.abort()

    async def story() -> str:
        ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ours.load_cert_chain(certificate)
        trusted = ssl.create_default_context(cafile=certificate if is_trusted else None)
        async with await asyncio.start_server(take, "127.0.0.1", 0, ssl=ours) as server:
            url = f"https://{name}:{server.sockets[0].getsockname()[1]}/hook"
            try:
                return str(
                    await post(url, {}, b"{}", any_address=True, resolve=resolve, tls=trusted)
                )
            except PostError as error:
                return str(error)

    said = asyncio.run(story())

    assert says in said
    assert len(got) == (says == "204")
