"""What an open page asks for at each news, in one answer: of all its parts and charts the change.

Each address is asked for as the browser would, so that who may see what is decided where it
always is; what comes back is compared with what the browser has.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from beliefgrid.dashboard.deltas import Sent, delta
from beliefgrid.dashboard.links import root_of

MOST = 64
OK, NOT_MODIFIED = 200, 304
_SCOPE = ("type", "asgi", "http_version", "method", "scheme", "client", "server", "root_path")
_NOT_PASSED_ON = frozenset({b"accept-encoding", b"if-none-match", b"range"})
_GET: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}

router = APIRouter()


@router.get("/changes")
async def changes(
    request: Request, of: Annotated[list[str], Query(min_length=1, max_length=MOST)]
) -> StreamingResponse:
    """Tell how parts and charts differ from what the browser has: each `of` is `TAG ADDRESS`.

    Each comes as soon as it is known: a line of JSON that says how many bytes follow, and those.
    """
    asked = [one.partition(" ") for one in of]
    for _, _, address in asked:
        _require_small(request, address)
    pieces = _pieces(request, [(tag, address) for tag, _, address in asked])
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


def sent_to(request: Request) -> Sent:
    """Return what browsers were sent last by this application."""
    found: Sent = request.app.state.sent
    return found


def _require_small(request: Request, address: str) -> None:
    """Refuse what is neither a part of a page nor the feed of a chart."""
    path, _, query = address.partition("?")
    below = path.removeprefix(root_of(request))
    is_chart = "/charts/" in below
    is_page = below == "/" or below.startswith(("/studies/", "/compare"))
    if not (is_page and (is_chart or "part=" in query)):
        raise HTTPException(422, f"expected a part of a page or a chart, got {address!r}")


async def _pieces(request: Request, asked: list[tuple[str, str]]) -> AsyncIterator[bytes]:
    tasks = [
        asyncio.create_task(_piece(request, place, tag, address))
        for place, (tag, address) in enumerate(asked)
    ]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()


async def _piece(request: Request, place: int, known: str, address: str) -> bytes:
    status, tag, body = await _answer(request, address)
    said: dict[str, Any] = {"n": place, "status": status, "tag": tag}
    if status == OK and tag == known:
        return _framed({"n": place, "status": NOT_MODIFIED}, b"")
    if status != OK:
        return _framed(said, body)
    sent = sent_to(request)
    old = sent.get(known)
    change = await asyncio.to_thread(delta, old or b"", body)
    sent.keep(tag, body)
    if old is not None:
        said |= {"is_change": True, "start": change.start, "end": change.end}
    return _framed(said, change.packed)


def _framed(said: dict[str, Any], body: bytes) -> bytes:
    line = json.dumps(said | {"size": len(body)}, separators=(",", ":"))
    return line.encode() + b"\n" + body


async def _answer(request: Request, address: str) -> tuple[int, str, bytes]:
    """Return what an address of this application answers: status, tag and body."""
    path, _, query = address.partition("?")
    outer = request.scope
    scope = {key: outer[key] for key in _SCOPE if key in outer} | {
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [one for one in outer["headers"] if one[0] not in _NOT_PASSED_ON],
    }
    status, tag, body = 0, "", bytearray()

    async def receive() -> Any:
        return _GET

    async def send(message: Any) -> None:
        nonlocal status, tag
        if message["type"] == "http.response.start":
            status = message["status"]
            tag = dict(message["headers"]).get(b"etag", b"").decode().strip('"')
        else:
            body.extend(message.get("body", b""))

    await request.app(scope, receive, send)
    return status, tag, bytes(body)
