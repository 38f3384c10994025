"""How many requests each caller may make: a bucket for each that refills all the time."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MOST_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Limits:
    """Lets each caller make `rate` requests a second, and a second's worth at once."""

    def __init__(self, rate: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._ticks = float(rate), ticks
        self._buckets: dict[Hashable, _Bucket] = {}

    def wait_s(self, caller: Hashable) -> float:
        """Return 0 if a caller may make a request now, else after how many seconds it may."""
        now = self._ticks()
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._new_bucket(caller, now)
        bucket.tokens = min(self._rate, bucket.tokens + (now - bucket.filled_at) * self._rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= 1
        return 0.0

    def is_spent(self, caller: Hashable) -> bool:
        """Say whether a caller would have to wait, without counting this as a request."""
        bucket = self._buckets.get(caller)
        if bucket is None:
            return False
        return bucket.tokens + (self._ticks() - bucket.filled_at) * self._rate < 1

    def _new_bucket(self, caller: Hashable, now: float) -> _Bucket:
        if len(self._buckets) >= MOST_BUCKETS:  # those that are full again say nothing
            self._buckets = {k: b for k, b in self._buckets.items() if now - b.filled_at < 1}
        bucket = self._buckets[caller] = _Bucket(self._rate, now)
        return bucket
