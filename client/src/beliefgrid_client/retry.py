"""When to try again, and how long to wait."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HOUR_S = 3600.0

# Waits; returns True when the caller should give up. `threading.Event.wait` is one.
Wait = Callable[[float], bool]


def sleep(seconds: float) -> bool:
    """Wait, and never give up."""
    time.sleep(seconds)
    return False


@dataclass(frozen=True)
class Retry:
    """How patient a client is when there is no answer, or the answer is 429, 502, 503 or 504.

    A result took a training run to make, so it is tried for a day before it is given up.
    """

    patience_s: float = 600.0
    result_patience_s: float = 24 * HOUR_S
    first_s: float = 0.1
    longest_s: float = 30.0

    def pauses(self, draw: Callable[[], float] = random.random) -> Iterator[float]:
        """Yield how long to wait before each new try: full jitter over a doubling bound.

        Full jitter keeps a fleet of workers from coming back all at once.
        """
        bound = self.first_s
        while True:
            yield draw() * bound
            bound = min(2 * bound, self.longest_s)
