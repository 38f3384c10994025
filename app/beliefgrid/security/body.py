"""How much a request may say."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from beliefgrid.api.problems import RefusedError
from beliefgrid.security.headers import Knock

Receive = Callable[[], Awaitable[Any]]

IMPORT_FACTOR = 64
_LONG_ONES = (":import", ":batch", "/prior", "/prior:preview", "/studies")
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000
SLOWEST = 64 * 1024  # bytes a second


def limit_of(path: str, ordinary: int) -> int:
    """Return how many bytes a body may have; imports and priors are long by nature."""
    return ordinary * IMPORT_FACTOR if path.endswith(_LONG_ONES) else ordinary


def check_length(request: Knock, limit: int) -> None:
    """Refuse a body that says itself that it is too long, or that is packed."""
    if request.get(b"content-encoding") not in {"", "identity"}:
        raise RefusedError(
            415, "content_encoding_invalid", "expected a body that is not compressed"
        )
    length = request.get(b"content-length")
    if length and (not length.isdecimal() or int(length[:20]) > limit):
        raise too_large(limit)


def too_large(limit: int) -> RefusedError:
    """Return the error for a body that is too long."""
    return RefusedError(413, "body_too_large", f"expected a body of at most {limit:,} bytes")


def limited(receive: Receive, limit: int) -> Receive:
    """Return a way to receive that stops at a limit."""
    seen = 0

    async def receive_some() -> Any:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise too_large(limit)
        return message

    return receive_some


def timely(receive: Receive, seconds: float) -> Receive:
    """Return a way to receive that does not wait for ever for a body."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    seen = 0
    is_complete = False

    async def receive_in_time() -> Any:
        nonlocal seen, is_complete
        if is_complete:  # what comes now says that the caller went away, which may take hours
            return await receive()
        try:
            async with asyncio.timeout_at(deadline + seen / SLOWEST):
                message = await receive()
        except TimeoutError:
            raise _too_slow() from None
        seen += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        return message

    return receive_in_time


def _too_slow() -> RefusedError:
    sentence = "expected the rest of the body sooner; BELIEFGRID_BODY_SECONDS says how soon"
    return RefusedError(408, "body_too_slow", sentence, {"Connection": "close"})


async def form_of(receive: Receive) -> tuple[dict[str, str], Receive]:
    """Read a form; return its fields and a way to receive the same body again."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS)
    except ValueError:
        fields = {}
    return {name: values[0] for name, values in fields.items()}, _again(bytes(body), receive)


def _again(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def receive_again() -> Any:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
