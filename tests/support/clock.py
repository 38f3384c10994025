"""A clock that moves when a test says so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """The time as the service sees it; call it to read it."""

    time: datetime = field(default_factory=lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        """Let some seconds pass."""
        self.time += timedelta(seconds=seconds)
