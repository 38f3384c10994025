"""News between processes that share a Postgres: LISTEN and NOTIFY.

A notice only wakes who waits; what is new is read from the tables, and whoever waits also looks
by itself from time to time. So notices are sent after the commit, many together, on a
connection of their own: inside the transactions they would make all commits wait in line.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from beliefgrid.storage.silence import connect_options

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

CHANNEL = "beliefgrid"
MOST_BYTES = 7000  # Postgres takes payloads of up to 8000
PAUSE_S = 1.0  # between attempts to connect
LOOK_S = 2.0  # how long a thread takes at most to notice that it should end
END_S = 5.0  # how long the end waits for a thread that a silent server keeps
_NOTIFY = "SELECT pg_notify(%s, %s)"

Touched = dict[str, bool]  # the changed studies, and whether their posterior must follow
OnNews = Callable[[Touched], None]


class Notices:
    """Sends our news to the other processes, and passes on theirs."""

    def __init__(self, url: URL, on_news: OnNews) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._limits = connect_options(url)
        self._on_news = on_news
        self._waiting: Touched = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._our_pid = 0
        self._threads = [
            threading.Thread(target=self._keep_up, args=(work,), name=work.__name__, daemon=True)
            for work in (self._send_all, self._receive_all)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, touched: Touched) -> None:
        """Tell the others soon; returns at once."""
        with self._changed:
            for study_id, is_behind in touched.items():
                self._waiting[study_id] = is_behind or self._waiting.get(study_id, False)
            self._changed.notify()

    def close(self) -> None:
        """Stop sending and listening."""
        self._ended.set()
        with self._changed:
            self._changed.notify()  # only the thread that sends waits for this
        for thread in self._threads:
            thread.join(END_S)

    def _keep_up(self, work: Callable[["psycopg.Connection[Any]"], None]) -> None:
        """Do the work on a connection, and on a new one whenever the server was away."""
        import psycopg  # here, because a server on SQLite starts faster without it

        while not self._ended.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, **self._limits) as connection:
                    work(connection)
            except psycopg.Error as error:
                log.warning("no news from other processes for now: %s", error)
                self._ended.wait(PAUSE_S)

    def _send_all(self, connection: "psycopg.Connection[Any]") -> None:
        self._our_pid = connection.info.backend_pid
        while not self._ended.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended.is_set())
                touched, self._waiting = self._waiting, {}
            for payload in payloads(touched):
                connection.execute(_NOTIFY, (CHANNEL, payload))
        connection.execute(_NOTIFY, (CHANNEL, ""))  # wakes our own listening thread, to end

    def _receive_all(self, connection: "psycopg.Connection[Any]") -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        while not self._ended.is_set():
            for notice in connection.notifies(timeout=LOOK_S, stop_after=1):
                if notice.payload and notice.pid != self._our_pid:
                    self._on_news(parsed(notice.payload))


def payloads(touched: Touched) -> list[str]:
    """Return the news as texts that Postgres takes: ids, those to be updated with a `!`."""
    found: list[str] = []
    line = ""
    for study_id, is_behind in touched.items():
        word = study_id + "!" if is_behind else study_id
        if line and len(line) + len(word) + 1 > MOST_BYTES:
            found.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*found, line] if line else found


def parsed(payload: str) -> Touched:
    """Return the news that a text holds."""
    return {word.rstrip("!"): word.endswith("!") for word in payload.split()}
