"""A search over a grid, seen from the worker's side."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from beliefgrid_client.answers import (
    Assignments,
    Best,
    Posterior,
    Stopping,
    StudyInfo,
    TrialRecord,
    Value,
    read,
)
from beliefgrid_client.heartbeat import Pulse
from beliefgrid_client.retry import Wait, sleep
from beliefgrid_client.trial import Trial

if TYPE_CHECKING:
    from beliefgrid_client.connection import Connection
    from beliefgrid_client.run import Outcome, Summary

LEASE_SECONDS = 120  # kept by heartbeats; a worker that dies blocks its cell no longer than this
PAGE = 1000
SETTLE_S = 30.0


class Study:
    """Ask for a trial, try it, tell what came of it; or let `run` do all three."""

    def __init__(self, connection: Connection, body: Mapping[str, Any]) -> None:
        self.id: str = body["id"]
        self.name: str = body["name"]
        self.connection = connection
        self._path = f"/studies/{self.id}"
        self._pulses: dict[int, Pulse] = {}

    def __repr__(self) -> str:
        return f"<Study {self.name!r} {self.id}>"

    # ------------------------------------------------------------ ask and tell
    def ask(
        self,
        *,
        worker: str | None = None,
        lease_seconds: int = LEASE_SECONDS,
        wait_seconds: float | None = None,
        heartbeat: bool = True,
        wait: Wait = sleep,
    ) -> Trial:
        """Return the next trial; its lease is kept in the background until it is told.

        Args:
            worker: a name for the dashboard; else BELIEFGRID_WORKER. The same name asking again
                gets its own open trial back, so no two loops may share one.
            lease_seconds: how soon others get the cell if this process dies.
            wait_seconds: how long to wait for a posterior that knows every result.
            heartbeat: whether to keep the lease in the background.
            wait: how to pause between tries.

        Raises:
            EndedError: the study is exhausted, has converged or is archived.
            AllLeasedError, PausedError: nothing now, perhaps later.
        """
        asked = {
            "count": 1,
            "worker": worker or os.environ.get("BELIEFGRID_WORKER") or None,
            "lease_seconds": lease_seconds,
            "wait_seconds": wait_seconds,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        answer = self.connection.post(f"{self._path}/suggestions", body, wait=wait)
        pulse = self._pulse(lease_seconds) if heartbeat else None
        return Trial(self.connection, pulse, self._path, answer["trials"][0])

    def tell(self, trial: Trial | int, value: float, **more: Any) -> TrialRecord:
        """Report the result of a trial, given itself or its number."""
        return self._trial(trial).tell(value, **more)

    def fail(
        self,
        trial: Trial | int,
        reason: str,
        *,
        kind: Literal["failed", "infeasible"] = "failed",
    ) -> TrialRecord:
        """Report that a trial has no result, given itself or its number."""
        return self._trial(trial).fail(reason, kind=kind)

    def run(self, function: Callable[..., Outcome], **options: Any) -> Summary:
        """Ask, call the function with the assignments, tell; until the study is over.

        The options are those of `beliefgrid_client.run.run`: workers, processes, max_trials ...
        """
        from beliefgrid_client.run import run

        return run(self, function, **options)

    # ------------------------------------------------------------ by hand
    def queue(self, assignments: Assignments) -> TrialRecord:
        """Put a combination at the head of the line: the next who asks gets it."""
        body = self.connection.post(f"{self._path}/trials", {"assignments": assignments})
        return read(TrialRecord, body)

    def add(self, assignments: Assignments, value: float) -> TrialRecord:
        """Add a result that was measured elsewhere."""
        body = {"assignments": assignments, "observation": {"value": float(value)}}
        return read(TrialRecord, self.connection.deliver(f"{self._path}/trials", body))

    # ------------------------------------------------------------ look
    def info(self) -> StudyInfo:
        """Return the study as it is now."""
        return read(StudyInfo, self.connection.get(self._path))

    def settle(self, wait_seconds: float = SETTLE_S) -> bool:
        """Wait until the posterior knows every result; return whether it does.

        It follows a result within moments; best(), stopping() and posterior() wait by
        themselves, and look at what there is with `wait_seconds=0`.
        """
        deadline = time.monotonic() + wait_seconds
        pause_s = 0.01
        while time.monotonic() < deadline:
            if not self.info().stale:
                return True
            sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
        return False

    def best(self, *, wait_seconds: float = SETTLE_S) -> Best:
        """Return the incumbent, its predicted value, and the probability that it is the best."""
        self.settle(wait_seconds)
        return read(Best, self.connection.get(f"{self._path}/best"))

    def stopping(self, *, wait_seconds: float = SETTLE_S) -> Stopping:
        """Return whether the study should stop, and why."""
        self.settle(wait_seconds)
        return read(Stopping, self.connection.get(f"{self._path}/stopping"))

    def trials(self, *, state: str | None = None) -> Iterator[TrialRecord]:
        """Yield all trials, page by page."""
        for body in pages(self.connection, f"{self._path}/trials", state=state):
            yield read(TrialRecord, body)

    def posterior(
        self,
        layer: str = "p_best",
        *,
        x: str | None = None,
        y: str | None = None,
        reduce: Literal["sum", "max", "mean", "slice"] | None = None,
        at: int | None = None,
        fixed: Mapping[str, Value] | None = None,
        wait_seconds: float = SETTLE_S,
    ) -> Posterior:
        """Return one layer over two parameters; with more, the others are reduced or fixed."""
        self.settle(wait_seconds if at is None else 0.0)
        slices = {f"{name}": _plain(value) for name, value in (fixed or {}).items()}
        query = {"layer": layer, "x": x, "y": y, "reduce": reduce, "at": at, **slices}
        return read(Posterior, self.connection.get(f"{self._path}/posterior", **query))

    def _trial(self, trial: Trial | int) -> Trial:
        if isinstance(trial, Trial):
            return trial
        named: dict[str, Any] = {"number": trial, "cell": None, "assignments": {}}
        return Trial(self.connection, None, self._path, named)

    def _pulse(self, lease_seconds: int) -> Pulse:
        return self._pulses.setdefault(lease_seconds, Pulse(lease_seconds))


def pages(connection: Connection, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of a list, page by page."""
    cursor: str | None = None
    while True:
        page = connection.get(path, limit=PAGE, cursor=cursor, **query)
        yield from page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)
