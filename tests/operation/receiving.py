"""A web server that stands for whoever gets our webhooks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


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
