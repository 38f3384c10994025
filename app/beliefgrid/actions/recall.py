"""What was worked out of a moment of a study stays true, and is kept for the next who asks.

An event never changes what was known at an earlier one, so answers are kept by the study, the
moment and the revision whose cells they name; only the newest few, of a few studies.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recall(Generic[T]):
    """The answers that were asked for last; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return the answer of a key; find it if it is not here."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        found = find()  # outside the lock: others need not wait for it
        with self._lock:
            self._held[key] = found
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return found
