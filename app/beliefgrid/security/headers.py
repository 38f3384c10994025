"""The few headers of a request that decide whether it is let in."""

import itertools
import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PROCESS = secrets.token_hex(4)
_COUNT = itertools.count(1)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WANTED = frozenset(
    {
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"x-csrf-token",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    }
)


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at the door: method, path below the root, and the headers that matter."""

    method: str
    path: str
    headers: dict[bytes, str]
    request_id: str
    address: str = ""  # of who opened the connection: the proxy, if there is one

    @property
    def is_safe(self) -> bool:
        """Whether the method changes nothing."""
        return self.method in SAFE_METHODS

    @property
    def is_api(self) -> bool:
        """Whether a program asks, not a person's browser page."""
        return self.path.startswith("/api/") or self.path == "/api"

    @property
    def wants_page(self) -> bool:
        """Whether the answer is shown to a person as a page."""
        is_part = "/charts/" in self.path or self.path.startswith("/static/")
        return not self.is_api and not is_part and "text/html" in self.get(b"accept")

    def get(self, name: bytes) -> str:
        """Return a header, or nothing."""
        return self.headers.get(name, "")

    def cookie(self, name: str) -> str:
        """Return a cookie, or nothing."""
        found: SimpleCookie = SimpleCookie()
        try:
            found.load(self.get(b"cookie"))
        except CookieError:
            return ""
        return found[name].value if name in found else ""

    @property
    def bearer(self) -> str:
        """The token in the header Authorization, or nothing."""
        kind, _, secret = self.get(b"authorization").partition(" ")
        return secret.strip() if kind.lower() == "bearer" else ""


def _name(given: str) -> str:
    """Return the caller's name for a request if it is a plain word, else a new one.

    A new one is no secret; asking the system for chance each time would be a tenth of a request.
    """
    return given if _REQUEST_ID.fullmatch(given) else f"{_PROCESS}{next(_COUNT):08x}"


def knock(scope: Any, root_path: str) -> Knock:
    """Return what a scope says."""
    headers = {name: value for name, value in scope["headers"] if name in _WANTED}
    path = scope["path"].removeprefix(root_path) if root_path else scope["path"]
    text = {name: value.decode("latin-1") for name, value in headers.items()}
    address = (scope.get("client") or ("",))[0]
    name = _name(text.get(b"x-request-id", ""))
    return Knock(scope["method"], path or "/", text, name, address)
