"""What the service counts and times, for Prometheus.

One `Metrics` belongs to one application and has a registry of its own. Counters are those of
this process; what the database knows (`Totals`) is read when somebody looks.
"""

import re
from collections import Counter as Counted
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
_UPDATE_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# When a counter began: as many lines again, which only OpenMetrics has a use for.
_CREATED = re.compile(rb"(# (HELP|TYPE) )?\w+_created\b")
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the database knows at the moment of a look."""

    studies: Mapping[str, int]
    trials: Mapping[str, int]
    live_leases: int
    overdue_leases: int
    queue_length: int
    studies_behind: int
    results_behind: int
    failing_updates: int


class Metrics:
    """The counters, gauges and histograms of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = self._counter(
            "requests", "Requests by route, method and status.", "route", "method", "status"
        )
        self._request_seconds = self._histogram(
            "request_seconds", "How long requests took.", _REQUEST_S, "route", "method"
        )
        self._asks = self._counter("asks", "Asks for trials, by what became of them.", "outcome")
        self._tells = self._counter("tells", "Results told, by what became of them.", "outcome")
        self._stale = self._counter(
            "stale_answers", "Asks that were answered from a posterior that lacks results."
        )
        self._late = self._counter("late_results", "Results that came after their lease ran out.")
        self._expiries = self._counter("expiries", "Leases that ran out.")
        self._events = self._counter("events", "Events that were committed, by kind.", "kind")
        self._update_seconds = self._histogram(
            "update_seconds", "How long the engine computed a posterior.", _UPDATE_S
        )
        self._update_lag = self._histogram(
            "update_lag_seconds",
            "From the newest result to the posterior that knows it.",
            _UPDATE_S,
        )
        self._update_failures = self._counter("update_failures", "Posteriors not computed.")
        self._batch = self._histogram("write_batch_size", "Changes that shared one COMMIT.", _BATCH)
        self._webhooks = self._counter(
            "webhook_deliveries", "Attempts to deliver an event, by what became of them.", "outcome"
        )
        self._limited = self._counter("rate_limited", "Requests refused by a token's rate limit.")
        self._studies = self._gauge("studies", "Studies, by state.", "state")
        self._trials = self._gauge("trials", "Trials of all studies, by state.", "state")
        self._leases = self._gauge(
            "leases", "Leases: live, and overdue ones that are about to expire.", "state"
        )
        self._queue = self._gauge("queue_length", "Ranked suggestions that wait to be asked for.")
        self._behind = self._gauge("studies_behind", "Studies whose posterior lacks a result.")
        self._results = self._gauge("results_behind", "Results that are in no posterior yet.")
        self._failing = self._gauge("studies_failing", "Studies whose last update failed.")
        self._streams = self._gauge("event_streams", "Event streams that are open here.")

    # ---------------------------------------------------------------- what happens
    def requested(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note a request that was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route, method).observe(seconds)

    def asked(self, outcome: str, *, stale: bool = False) -> None:
        """Note an ask: `ok`, `replayed`, or the code of its refusal."""
        self._asks.labels(outcome).inc()
        if stale:
            self._stale.inc()

    def told(self, outcome: str, *, late: bool = False) -> None:
        """Note a result: `ok`, `replayed`, or the code of its refusal."""
        self._tells.labels(outcome).inc()
        if late:
            self._late.inc()

    def committed(self, changes: int, kinds: list[str]) -> None:
        """Note a COMMIT: how many changes it held, and the kinds of their events."""
        self._batch.observe(changes)
        for kind, number in Counted(kinds).items():
            self._events.labels(kind).inc(number)
            if kind == "trial_expired":
                self._expiries.inc(number)

    def updated(self, seconds: float, lag_seconds: float) -> None:
        """Note a posterior that was computed and published."""
        self._update_seconds.observe(seconds)
        self._update_lag.observe(max(0.0, lag_seconds))

    def update_failed(self) -> None:
        """Note a posterior that could not be computed."""
        self._update_failures.inc()

    def delivered(self, outcome: str) -> None:
        """Note an attempt of a webhook: `ok`, `retry` or `given_up`."""
        self._webhooks.labels(outcome).inc()

    def limited(self) -> None:
        """Note a request that came too soon."""
        self._limited.inc()

    # ---------------------------------------------------------------- a look
    def text(self, totals: Totals, streams: int) -> bytes:
        """Return everything in Prometheus' text format."""
        for gauge, by_state in ((self._studies, totals.studies), (self._trials, totals.trials)):
            gauge.clear()
            for state, number in by_state.items():
                gauge.labels(state).set(number)
        self._leases.labels("live").set(totals.live_leases)
        self._leases.labels("overdue").set(totals.overdue_leases)
        self._queue.set(totals.queue_length)
        self._behind.set(totals.studies_behind)
        self._results.set(totals.results_behind)
        self._failing.set(totals.failing_updates)
        self._streams.set(streams)
        lines = generate_latest(self.registry).splitlines(keepends=True)
        return b"".join(line for line in lines if not _CREATED.match(line))

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"beliefgrid_{name}", says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(f"beliefgrid_{name}", says, labels, registry=self.registry)

    def _histogram(
        self, name: str, says: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"beliefgrid_{name}", says, labels, buckets=buckets, registry=self.registry
        )
