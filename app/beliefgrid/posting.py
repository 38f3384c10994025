"""One POST to an address that somebody else chose, and that must not reach what is private.

The name is resolved once, every address it has is checked, and the connection goes to one of
those; there are no redirects, and whatever the other side does, it ends in time.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from beliefgrid import __version__

TIMEOUT_S = 10.0
MOST_HEAD = 16 * 1024
_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")
Resolve = Callable[[str, int], Awaitable[list[str]]]


class PostError(Exception):
    """The other side did not take it; the message says why."""

    def __init__(self, message: str, *, is_refusal: bool = False) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The name as the other side expects it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


def target_of(url: str, *, any_address: bool) -> Target:
    """Return what an address names.

    Raises:
        ValueError: it is none that we send to; the message says what is expected.
    """
    parts = urlsplit(url)
    schemes = ("https", "http") if any_address else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"expected an address that starts with {'://, '.join(schemes)}://")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("expected an address without a user, a password and a #fragment")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("expected an address of printable ASCII characters, without spaces")
    target = Target(parts.scheme, parts.hostname, _port(parts), _path(parts))
    if not any_address and _is_private_literal(target.host):
        raise ValueError("expected a public address; BELIEFGRID_WEBHOOKS=any allows private ones")
    return target


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    any_address: bool = False,
    resolve: Resolve = resolve,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
) -> int:
    """Send a body; return the status, which is 2xx.

    Raises:
        PostError: it did not arrive, or was not taken.
    """
    try:
        target = target_of(url, any_address=any_address)
        async with asyncio.timeout(timeout_s):
            address = await _address_of(target, resolve, any_address=any_address)
            status = await _exchange(target, address, headers, body, tls)
    except TimeoutError:
        raise PostError(f"no answer within {timeout_s:g} seconds") from None
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise PostError(f"{type(error).__name__}: {error}"[:500]) from error
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own numbers
        is_refusal = 300 <= status < 500 and status not in {408, 425, 429}  # noqa: PLR2004
        raise PostError(f"answered {status}", is_refusal=is_refusal)
    return status


def is_public(address: str) -> bool:
    """Return whether an address belongs to the whole internet, however it is written."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is None and found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


async def _address_of(target: Target, resolve: Resolve, *, any_address: bool) -> str:
    found = await resolve(target.host, target.port)
    if not found:
        raise PostError("the name has no address")
    if not any_address and not all(map(is_public, found)):
        raise PostError("the name leads to a private address; BELIEFGRID_WEBHOOKS=any allows it")
    return found[0]


async def _exchange(
    target: Target,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    tls: ssl.SSLContext | None,
) -> int:
    is_secure = target.scheme == "https"
    reader, writer = await asyncio.open_connection(
        address,  # never the name, which might lead elsewhere by now
        target.port,
        ssl=(tls or ssl.create_default_context()) if is_secure else None,
        server_hostname=target.host if is_secure else None,
        limit=MOST_HEAD,
    )
    try:
        writer.write(_head(target, headers, len(body)) + body)
        await writer.drain()
        line = await reader.readline()
    finally:
        writer.transport.abort()  # without a goodbye, which it could make us wait for
        await asyncio.sleep(0)
    words = line.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
        raise PostError("the answer is not HTTP")
    return int(words[1])


def _head(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    lines = {
        "Host": target.host_header,
        "User-Agent": f"beliefgrid/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Connection": "close",
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{text}\r\n".encode("ascii")


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
