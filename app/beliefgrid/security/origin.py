"""Whether a request comes from where it may: our own name, our own pages.

A page of another site can make a browser send requests to a service on this machine; what it
cannot do is choose the headers Host (after DNS rebinding), Origin and Sec-Fetch-Site.
"""

from urllib.parse import urlsplit

from beliefgrid.security.headers import Knock
from beliefgrid.settings import ANY_HOST

OURS = frozenset({"same-origin", "none"})
_PORTS = {"http": 80, "https": 443}


def is_host_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Return whether a Host header names this service."""
    return ANY_HOST in allowed or name_of(host) in allowed


def name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()


def is_ours(request: Knock) -> bool:
    """Return whether an unsafe request comes from our own pages, or from no page at all."""
    site = request.get(b"sec-fetch-site")
    if site:
        return site in OURS
    origin = request.get(b"origin")
    if not origin:
        return True  # a program
    ours = {_place("http", request.get(header)) for header in (b"host", b"x-forwarded-host")}
    ours |= {_place("https", request.get(header)) for header in (b"host", b"x-forwarded-host")}
    scheme, _, host = origin.partition("://")
    return scheme in _PORTS and _place(scheme, host) in ours - {None}


def _place(scheme: str, host: str) -> tuple[str, int] | None:
    if not host:
        return None
    try:
        parts = urlsplit(f"{scheme}://{host}")
        return (parts.hostname or "", parts.port or _PORTS[scheme])
    except ValueError:
        return None
