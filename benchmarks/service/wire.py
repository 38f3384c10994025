"""A worker on one raw connection: the load must cost less than what it measures."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Wire:
    """One kept-alive HTTP/1.1 connection that sends and reads JSON."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        authorization = f"authorization: Bearer {token}\r\n" if token else ""
        self._head = f"host: {parts.netloc}\r\ncontent-type: application/json\r\n{authorization}"
        self._socket = self._connect()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the JSON of one answer."""
        payload = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self._head}content-length: {len(payload)}\r\n\r\n"
        self._socket.sendall(head.encode() + payload)
        received = b""
        while _END not in received:
            received += self._receive()
        headers, _, rest = received.partition(_END)
        length = _content_length(headers)
        while len(rest) < length:
            rest += self._receive()
        return int(headers[9:12]), json.loads(rest) if rest else None

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(self._address, timeout=60)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _receive(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        return part


def _content_length(headers: bytes) -> int:
    lowered = headers.lower()
    start = lowered.index(_LENGTH) + len(_LENGTH)
    return int(lowered[start:].split(b"\r\n", 1)[0])
