"""The time, and whether it jumped: a clock that is set must not end every lease."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
JUMP_S = 30.0  # more than the machine's own clock corrections, less than any sensible lease
SAME_S = 25.0  # several servers notice a jump within this time, and do not move things twice


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Jump:
    """By how many seconds the clock was set, and which server noticed it when, by the new time."""

    seconds: float
    noticed_at: datetime
    server: str
    ticks: float = field(default=0.0, compare=False)  # of a clock that cannot be set, then

    @property
    def by(self) -> timedelta:
        """What must be added to a time that was written before it."""
        return timedelta(seconds=self.seconds)

    def follows(self, moment: datetime, now: datetime) -> bool:
        """Say whether a moment was written before the clock was set.

        `now` is the time it would be if the clock had not been set again since.
        """
        return moment <= self.noticed_at - self.by / 2 if self.seconds > 0 else moment > now

    def is_same(self, other: "Jump") -> bool:
        """Say whether the other is this one, or is how another server saw it."""
        if self.server == other.server:
            return self == other  # a clock may be set several times in a row
        is_just_then = abs((self.noticed_at - other.noticed_at).total_seconds()) < SAME_S
        return is_just_then and abs(self.seconds - other.seconds) < JUMP_S


class Watch:
    """A clock that is compared with one that cannot be set."""

    def __init__(self, clock: Clock, ticks: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._ticks = clock, ticks
        self._last = clock(), ticks()
        self._server = secrets.token_hex(4)

    def read(self) -> tuple[datetime, Jump | None]:
        """Return the time, and the jump that it made since the last reading."""
        now, ticks = self._clock(), self._ticks()
        before, ticks_before = self._last
        self._last = now, ticks
        excess = (now - before).total_seconds() - (ticks - ticks_before)
        return now, Jump(excess, now, self._server, ticks) if abs(excess) > JUMP_S else None
