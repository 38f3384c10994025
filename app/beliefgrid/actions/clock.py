"""The time, and whether it jumped: a clock that is set must not end every lease."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Clock = Callable[[], datetime]
JUMP_S = 30.0  # more than the machine's own clock corrections, less than any sensible lease


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Jump:
    """By how many seconds the clock was set, and a moment between the times before and after."""

    seconds: float
    between: datetime


class Watch:
    """A clock that is compared with one that cannot be set."""

    def __init__(self, clock: Clock, ticks: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._ticks = clock, ticks
        self._last = clock(), ticks()

    def read(self) -> tuple[datetime, float]:
        """Return the time, and by how many seconds it jumped since the last reading."""
        now, ticks = self._clock(), self._ticks()
        before, ticks_before = self._last
        self._last = now, ticks
        excess = (now - before).total_seconds() - (ticks - ticks_before)
        return now, excess if abs(excess) > JUMP_S else 0.0
