"""The one place that touches the network: a method that sends a request and returns the answer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NO_ANSWER = (OSError, http.client.HTTPException)  # what send() raises when none came


@dataclass(frozen=True)
class Request:
    """What goes out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout_s: float


@dataclass(frozen=True)
class Response:
    """What came back, whatever its status; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return self.status in range(200, 300)


class Transport(Protocol):
    """The seam: give `Client` another one to use another HTTP library, or to play tricks."""

    def send(self, request: Request) -> Response:
        """Send a request; raise one of `NO_ANSWER` if no complete answer came."""
        ...


class UrllibTransport:
    """HTTP with the standard library, proxies from the environment included."""

    def send(self, request: Request) -> Response:
        """Send a request; every status is an answer, a cut connection is none."""
        outgoing = urllib.request.Request(  # noqa: S310 - Client lets only http and https in
            request.url, request.body, dict(request.headers), method=request.method
        )
        try:
            answer = _opener(request.url).open(outgoing, timeout=request.timeout_s)
        except urllib.error.HTTPError as status:
            answer = status
        with answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status, headers, answer.read())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following it would carry the token to another host."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow nothing."""


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Return an opener; a proxy of the environment cannot see this machine's own loopback."""
    is_here = urlsplit(url).hostname in LOOPBACK
    direct = [urllib.request.ProxyHandler({})] if is_here else []
    return urllib.request.build_opener(_NoRedirect, *direct)
