"""Who waits for news of a study is told as soon as a change is committed."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Self

Waiting = dict[str | None, set[asyncio.Event]]


class Announcements:
    """News of studies, for the coroutines of one process.

    Nothing is queued: who waits is woken, and reads the database to see what is new.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: Waiting = {}
        self._behind: set[str] = set()
        self._is_behind = asyncio.Event()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop in which the waiting coroutines run."""
        self._loop = loop

    def publish(self, touched: Mapping[str, bool]) -> None:
        """Tell which studies changed, and which of them need a new posterior; from any thread."""
        if self._loop is None:
            return
        # A change that commits while the service ends finds nobody to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake, dict(touched))

    def _wake(self, touched: Mapping[str, bool]) -> None:
        for study_id in (*touched, None):
            for event in self._waiting.get(study_id, ()):
                event.set()
        behind = [study_id for study_id, is_behind in touched.items() if is_behind]
        if behind:
            self._behind.update(behind)
            self._is_behind.set()

    def wake_all(self) -> None:
        """Wake whoever waits for whatever, because there is no more time; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def behind(self, seconds: float) -> set[str]:
        """Wait for studies that need a new posterior; return them, once, or none in time."""
        # Not asyncio.wait_for: before Python 3.12 it swallows a cancellation that comes with the
        # news, and then whoever ends the service waits for ever.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_behind.wait()
        found, self._behind = self._behind, set()
        self._is_behind.clear()
        return found

    def listen(self, *study_ids: str | None) -> "Listener":
        """Return a listener for some studies (None: for any) that misses nothing between waits."""
        return Listener(self._waiting, study_ids)


class Listener:
    """News of some studies, from the moment that the listener is entered."""

    def __init__(self, waiting: Waiting, study_ids: tuple[str | None, ...]) -> None:
        self._waiting, self._study_ids = waiting, study_ids
        self._event = asyncio.Event()

    def __enter__(self) -> Self:
        for study_id in self._study_ids:
            self._waiting.setdefault(study_id, set()).add(self._event)
        return self

    def __exit__(self, *_exception: object) -> None:
        for study_id in self._study_ids:
            others = self._waiting.get(study_id, set())
            others.discard(self._event)
            if not others:
                self._waiting.pop(study_id, None)

    async def wait(self, seconds: float) -> bool:
        """Wait for news since the last wait; False if the time passed without."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
