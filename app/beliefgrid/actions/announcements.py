"""Who waits for news of a study is told as soon as a change is committed."""

import asyncio
from collections.abc import Iterable

Waiting = dict[str | None, set[asyncio.Event]]


class Announcements:
    """News of studies, for the coroutines of one process.

    Nothing is queued: who waits is woken, and reads the database to see what is new.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: Waiting = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop in which the waiting coroutines run."""
        self._loop = loop

    def publish(self, study_ids: Iterable[str]) -> None:
        """Wake whoever waits for these studies; callable from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, tuple(study_ids))

    def _wake(self, study_ids: tuple[str, ...]) -> None:
        for study_id in (*study_ids, None):
            for event in self._waiting.get(study_id, ()):
                event.set()

    def listen(self, study_id: str | None) -> "Listener":
        """Return a listener for one study (None: for any) that misses nothing between waits."""
        return Listener(self._waiting, study_id)


class Listener:
    """News of one study, from the moment that the listener is entered."""

    def __init__(self, waiting: Waiting, study_id: str | None) -> None:
        self._waiting, self._study_id = waiting, study_id
        self._event = asyncio.Event()

    def __enter__(self) -> "Listener":
        self._waiting.setdefault(self._study_id, set()).add(self._event)
        return self

    def __exit__(self, *_exception: object) -> None:
        others = self._waiting.get(self._study_id, set())
        others.discard(self._event)
        if not others:
            self._waiting.pop(self._study_id, None)

    async def wait(self, seconds: float) -> bool:
        """Wait for news since the last wait; False if the time passed without."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True
