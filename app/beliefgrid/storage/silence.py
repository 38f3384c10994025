"""A Postgres that no longer answers is not waited for.

TCP notices that a host is gone, but not that its server stands still, or that a proxy on the way
lost the other side: the connection stays, and nothing comes. So when somebody waits for longer
than usual, the server is asked on a new connection. If that gets no answer either, the sessions
that wait are ended, and nobody begins to wait until the server answers again.
"""

import logging
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from beliefgrid.storage.errors import NO_ANSWER, StorageUnavailableError

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

LOOK_S = 1.0
UNUSUAL = 5  # looks at which an answer was still awaited
CONNECT_S = 5
# What TCP does about a host that is gone: within 20 s of silence the connection is given up.
TCP = {
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def connect_options(url: URL) -> dict[str, Any]:
    """Return the limits of a connection, as far as the address does not name others."""
    limits = {"connect_timeout": CONNECT_S, **TCP}
    return {name: value for name, value in limits.items() if name not in url.query}


class Silence:
    """Watches the connections of an engine, from a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._url = engine.url
        self._waits: dict[psycopg.Connection[Any], int] = {}  # in use: looks that found it waiting
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._is_away = False
        event.listen(engine, "do_connect", lambda *_: self.require_answers())
        event.listen(engine, "connect", self._lent, insert=True)  # before the dialect asks things
        event.listen(engine, "checkout", self._lent)
        for name in ("checkin", "invalidate", "close"):
            event.listen(engine, name, self._returned)
        self._thread = threading.Thread(target=self._watch, name="silence", daemon=True)
        self._thread.start()

    def require_answers(self) -> None:
        """Raise StorageUnavailableError while the server does not answer."""
        if self._is_away:
            raise StorageUnavailableError(NO_ANSWER)

    def close(self) -> None:
        """Watch no longer."""
        self._is_over.set()
        self._thread.join()

    def _lent(self, connection: Any, *_: object) -> None:
        with self._lock:
            self._waits[connection] = 0

    def _returned(self, connection: Any, *_: object) -> None:
        with self._lock:
            self._waits.pop(connection, None)

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_S):
            is_unusual = self._look()
            if not (is_unusual or self._is_away):
                continue
            answers = self._answers()
            if answers == self._is_away:
                log.warning("Postgres %s", "answers again" if answers else "does not answer")
            self._is_away = not answers
            if self._is_away:
                self._hang_up()

    def _look(self) -> bool:
        """Look who waits for an answer; True if somebody does for unusually long."""
        with self._lock:
            for connection, looks in self._waits.items():
                self._waits[connection] = looks + 1 if _is_waiting(connection) else 0
            return max(self._waits.values(), default=0) >= UNUSUAL

    def _answers(self) -> bool:
        import psycopg

        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            psycopg.connect(plain, **connect_options(self._url)).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.Error:  # it says no, or nothing is there: who waits has heard so, too
            return True
        return True

    def _hang_up(self) -> None:
        """End the sessions that wait; whoever waits gets an error at once."""
        with self._lock:
            for connection in filter(_is_waiting, self._waits):
                _shut_down(connection)


def _is_waiting(connection: "psycopg.Connection[Any]") -> bool:
    from psycopg.pq import TransactionStatus

    return connection.pgconn.transaction_status == TransactionStatus.ACTIVE


def _shut_down(connection: "psycopg.Connection[Any]") -> None:
    import psycopg

    with suppress(OSError, psycopg.Error):
        line = socket.socket(fileno=os.dup(connection.pgconn.socket))
        with line:
            line.shutdown(socket.SHUT_RDWR)
