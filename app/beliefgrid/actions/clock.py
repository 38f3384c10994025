"""The time, and whether it jumped: a clock that is set must not end every lease."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
JUMP_S = 30.0  # more than the machine's own clock corrections, less than any sensible lease
SAME_S = 25.0  # several servers notice a jump within this time, and do not move things twice


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Jump:
    """By how many seconds the clock was set, and a moment between the times before and after."""

    seconds: float
    between: datetime

    @property
    def by(self) -> timedelta:
        """What must be added to a time that was written before it."""
        return timedelta(seconds=self.seconds)

    def follows(self, moment: datetime, now: datetime) -> bool:
        """Say whether a moment was written before the clock was set."""
        return moment <= self.between if self.seconds > 0 else moment > now

    def is_same(self, seconds: float, moment: datetime, now: datetime) -> bool:
        """Say whether what was done for a jump at a moment was done for this one."""
        is_just_now = abs((now - moment).total_seconds()) < SAME_S
        return is_just_now and abs(self.seconds - seconds) < JUMP_S


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
