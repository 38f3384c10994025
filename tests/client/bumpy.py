"""A road with bumps: a small HTTP server that loses, repeats and refuses what passes through it.

What is not lost goes to `answer`: canned words, or a real service behind it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def key(self) -> str | None:
        """Its idempotency key."""
        return self.headers.get("idempotency-key")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Road:
    """What passed, and the bumps that still lie ahead: each request takes the next one.

    Bumps: `lost` (the request never arrives), `unanswered` (it arrives, its answer does not),
    `cut` (half an answer), `twice` (it arrives two times), or a Reply in the service's place.
    """

    answer: Callable[[Seen], Reply]
    bumps: list[str | Reply] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def of(self, method: str) -> list[Seen]:
        """Return the requests of one method that arrived."""
        return [request for request in self.seen if request.method == method]


@contextmanager
def bumpy_road(
    answer: Callable[[Seen], Reply] = lambda _: Reply(200, {}),
    bumps: list[str | Reply] | None = None,
) -> Iterator[Road]:
    """Serve on a free port until the block ends."""
    road = Road(answer, bumps or [])
    handler = type("Handler", (_Handler,), {"road": road})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    road.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield road
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def leading_to(url: str) -> Callable[[Seen], Reply]:
    """Return an `answer` that asks a real service."""

    def answer(seen: Seen) -> Reply:
        kept = {k: v for k, v in seen.headers.items() if k in ("idempotency-key", "content-type")}
        content = b"" if seen.body is None else json.dumps(seen.body).encode()
        got = httpx2.request(
            seen.method, url + seen.path, content=content, headers=kept, timeout=30
        )
        return Reply(got.status_code, got.json() if got.content else None)

    return answer


class _Handler(BaseHTTPRequestHandler):
    road: Road
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        self.close_connection = True
        bump = self.road.bumps.pop(0) if self.road.bumps else "none"
        length = int(self.headers.get("content-length", 0))
        content = self.rfile.read(length)
        if bump == "lost":
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(content) if content else None
        request = Seen(self.command, self.path, headers, body)
        self.road.seen.append(request)
        reply = bump if isinstance(bump, Reply) else self.road.answer(request)
        if bump == "twice":
            self.road.seen.append(request)
            reply = self.road.answer(request)
        if bump != "unanswered":
            self._send(reply, half=bump == "cut")

    def _send(self, reply: Reply, *, half: bool) -> None:
        is_text = isinstance(reply.body, str)
        content = reply.body.encode() if is_text else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)

    do_GET = do_POST = _pass  # noqa: N815 - the standard library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its signature
        """Say nothing."""
