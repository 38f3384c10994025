"""Which changes of studies share a transaction on Postgres.

Each COMMIT, and each wait for an answer, costs both sides more than the statements of an ask, so
what waits is taken together, of however many studies. A study is with one thread at a time, and a
transaction locks its studies in their order, so that no two wait for each other. If a transaction
takes long, because somebody else has one of its studies, another thread takes the other studies.
"""

import threading
import time
from collections.abc import Callable, Iterator

from beliefgrid.storage.group import BATCH, Change

SLOW_S = 0.02  # a transaction that others do not wait for any longer


class Lanes:
    """Changes that wait for a thread, and the studies that one is writing."""

    def __init__(self, most: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self._most, self._ticks = most, ticks
        self._waiting: dict[str, list[Change]] = {}
        self._busy: set[str] = set()
        self._threads = 0
        self._began = 0.0  # the newest thread or transaction
        self._lock = threading.Lock()

    def add(self, study_id: str, change: Change) -> bool:
        """Let a change of a study wait; True if one more thread should go through the batches."""
        with self._lock:
            self._waiting.setdefault(study_id, []).append(change)
            now = self._ticks()
            is_slow = now - self._began > SLOW_S
            is_wanted = self._threads == 0 or (is_slow and study_id not in self._busy)
            if not is_wanted or self._threads >= self._most:
                return False
            self._threads, self._began = self._threads + 1, now
            return True

    def batches(self) -> Iterator[list[Change]]:
        """Yield what waits, again and again until nothing does; each is done when the next is."""
        taken: list[str] = []
        while True:
            with self._lock:
                self._busy.difference_update(taken)
                taken, batch = self._take()
                if not batch:
                    self._threads -= 1
                    return
                self._busy.update(taken)
                self._began = self._ticks()
            yield batch

    def _take(self) -> tuple[list[str], list[Change]]:
        found: dict[str, list[Change]] = {}
        room = BATCH
        for study_id in [one for one in self._waiting if one not in self._busy]:
            if room <= 0:
                break
            changes = self._waiting.pop(study_id)
            found[study_id], later = changes[:room], changes[room:]
            if later:
                self._waiting[study_id] = later
            room -= len(found[study_id])
        taken = sorted(found)
        return taken, [change for study_id in taken for change in found[study_id]]
