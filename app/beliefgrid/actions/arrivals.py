"""What other threads finish is waited for in the loop, which is woken once for many of them."""

import asyncio
import threading
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
Waiter = asyncio.Future[None]


class Arrivals:
    """Wakes the loop when futures are done.

    `asyncio.wrap_future` writes to the loop's socket for each of them; changes that shared one
    COMMIT are done at the same moment.
    """

    def __init__(self) -> None:
        self._done: list[Waiter] = []
        self._lock = threading.Lock()
        self._is_woken = False

    async def of(self, future: Future[T]) -> T:
        """Return the result of a future that another thread fills."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        future.add_done_callback(lambda _: self._arrived(loop, waiter))
        try:
            await waiter
        except asyncio.CancelledError:
            future.cancel()  # if it has not begun
            raise
        return future.result()

    def _arrived(self, loop: asyncio.AbstractEventLoop, waiter: Waiter) -> None:
        with self._lock:
            self._done.append(waiter)
            if self._is_woken:
                return
            self._is_woken = True
        try:
            loop.call_soon_threadsafe(self._hand_out)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._is_woken = False

    def _hand_out(self) -> None:
        with self._lock:
            arrived, self._done = self._done, []
            self._is_woken = False
        for waiter in arrived:
            if not waiter.done():
                waiter.set_result(None)
