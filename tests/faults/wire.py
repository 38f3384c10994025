"""The network between a server and its Postgres: a proxy that stalls, loses, cuts."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.engine import URL, make_url

from tests.support.server import free_port

BLOCK = 65536


class Wire:
    """Passes bytes on, unless something is wrong with it; `to` is a port of this machine."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._asks, self._answers = asyncio.Event(), asyncio.Event()  # set: they pass
        self._is_up = threading.Event()
        self._is_whole = True
        self._lines: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def url(self, database_url: str) -> str:
        """Return the address of a database by way of this wire."""
        parsed: URL = make_url(database_url).set(port=self._port)
        return parsed.render_as_string(hide_password=False)

    # ---------------------------------------------------------------- what goes wrong
    def stall(self) -> None:
        """Pass nothing on, and tell nobody: connections stay, new ones too."""
        self._soon(self._asks.clear, self._answers.clear)

    def lose_answers(self) -> None:
        """Pass on what is asked, so that it is done, and keep the answers."""
        self._soon(self._answers.clear)

    def cut(self) -> None:
        """Reset all connections and every new one; what was on its way is gone."""
        self._soon(lambda: setattr(self, "_is_whole", False), self._reset)

    def mend(self, *, lose: bool = False) -> None:
        """Pass everything on again; what was held is delivered, or lost with its connection."""
        whole = lambda: setattr(self, "_is_whole", True)
        self._soon(*([self._reset] if lose else []), whole, self._asks.set, self._answers.set)

    def _reset(self) -> None:
        for line in self._lines:
            line.transport.abort()

    def _soon(self, *steps: Callable[[], None]) -> None:
        for step in steps:
            self._loop.call_soon_threadsafe(step)

    # ---------------------------------------------------------------- bytes
    async def _run(self) -> None:
        self._over = asyncio.Event()
        self._asks.set()
        self._answers.set()
        async with await asyncio.start_server(self._line, "127.0.0.1", self._port):
            self._is_up.set()
            await self._over.wait()
            self._reset()
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_whole:
            writer.transport.abort()
            return
        its_reader, its_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._lines |= {writer, its_writer}
        for pump in (
            self._pump(reader, its_writer, self._asks),
            self._pump(its_reader, writer, self._answers),
        ):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while block := await reader.read(BLOCK):
                await passes.wait()
                writer.write(block)
                await writer.drain()
        writer.close()
        self._lines.discard(writer)

    @classmethod
    @contextmanager
    def to(cls, database_url: str) -> Iterator["Wire"]:
        """Lay one to a database until the block ends."""
        wire = cls(make_url(database_url).port or 5432)
        wire._thread.start()
        wire._is_up.wait()
        try:
            yield wire
        finally:
            wire._loop.call_soon_threadsafe(wire._over.set)
            wire._thread.join()
            wire._loop.close()
