"""One evaluation of one combination, from ask to tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from beliefgrid_client.answers import Assignments, TrialRecord, Value, read
from beliefgrid_client.errors import (
    BeliefgridError,
    InfeasibleError,
    NoAnswerError,
    ServiceError,
)
from beliefgrid_client.retry import Wait, sleep

if TYPE_CHECKING:
    from beliefgrid_client.connection import Connection
    from beliefgrid_client.heartbeat import Pulse

RELEASE_PATIENCE_S = 5.0  # whoever gives back is leaving; else the lease runs out
MOST_REASON = 1000
Directive = Literal["continue", "stop"]
log = logging.getLogger("beliefgrid_client")


class Trial:
    """A combination that is this worker's to try: `trial["learning_rate"]`.

    While it is open a thread in the background keeps its lease. As a context manager it reports
    a failure if the block raises, and gives the trial back on Ctrl-C:

        with study.ask() as trial:
            trial.tell(train(**trial.assignments))
    """

    def __init__(
        self, connection: Connection, pulse: Pulse | None, path: str, body: Mapping[str, Any]
    ) -> None:
        self.number: int = body["number"]
        self.cell: int | None = body["cell"]
        self.assignments: Assignments = body["assignments"]
        self.explanation: dict[str, Any] = body.get("explanation") or {}
        self.lease: dict[str, Any] = body.get("lease") or {}
        self.is_open = True
        self.should_stop = False  # the service's word, heard with each heartbeat or measurement
        self.wait: Wait = sleep
        self._connection, self._pulse = connection, pulse
        self._path = f"{path}/trials/{self.number}"
        self._asked_at = time.monotonic()
        if pulse is not None:
            pulse.add(self)

    def __getitem__(self, name: str) -> Value:
        return self.assignments[name]

    def __repr__(self) -> str:
        return f"<Trial {self.number}: {self.assignments}>"

    def tell(
        self,
        value: float | None = None,
        *,
        values: Mapping[str, float] | None = None,
        stddev: float | None = None,
        duration: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> TrialRecord:
        """Report the result: one number, or several metrics by name.

        Tried for hours if the service cannot be reached; telling the same again does no harm.
        """
        seconds = time.monotonic() - self._asked_at if duration is None else duration
        body = {
            "value": None if value is None else float(value),
            "values": {name: float(v) for name, v in values.items()} if values else None,
            "stddev": None if stddev is None else float(stddev),
            "duration": round(seconds, 3),
            "metadata": dict(metadata) if metadata else None,
        }
        answer = self._connection.deliver(
            f"{self._path}/observation", self._signed(body), wait=self.wait
        )
        self.close()
        return read(TrialRecord, answer)

    def fail(self, reason: str, *, kind: Literal["failed", "infeasible"] = "failed") -> TrialRecord:
        """Report that there is no result.

        `failed` is the machine's fault: the cell may be tried again. `infeasible` is the
        combination's: it never is, and the model learns from it.
        """
        body = self._signed({"kind": kind, "reason": _plain(reason) or "no reason given"})
        answer = self._connection.deliver(f"{self._path}/failure", body, wait=self.wait)
        self.close()
        return read(TrialRecord, answer)

    def measure(self, step: int, value: float) -> Directive:
        """Report an intermediate value; the answer says whether going on is worth it."""
        body = self._signed({"measurements": [{"step": step, "value": float(value)}]})
        answer = self._connection.post(f"{self._path}/measurements", body, wait=self.wait)
        return self._heard(answer["directive"])

    def release(self) -> None:
        """Give the trial back without a result: another worker gets it at once."""
        self.close()
        self._connection.call(
            "POST",
            f"{self._path}/release",
            self._signed({}),
            patience_s=RELEASE_PATIENCE_S,
            wait=self.wait,
        )

    def heartbeat(self) -> Directive:
        """Prolong the lease once; the background does it by itself."""
        answer = self._connection.call(
            "POST", f"{self._path}/heartbeat", self._signed({}), patience_s=0
        )
        return self._heard(answer["directive"])

    def close(self) -> None:
        """Stop the heartbeat."""
        self.is_open = False
        if self._pulse is not None:
            self._pulse.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_open:
            self.end(error)

    def end(self, error: BaseException | None) -> TrialRecord | None:
        """End the trial without a result, as an exception says; trouble is only logged."""
        try:
            if isinstance(error, (NoAnswerError, ServiceError)):
                self.close()  # it was the telling that failed, not the trial
            elif isinstance(error, InfeasibleError):
                return self.fail(str(error), kind="infeasible")
            elif isinstance(error, Exception):
                return self.fail(f"{type(error).__name__}: {error}")
            else:  # Ctrl-C, an exit, or a block that told nothing
                self.release()
        except BeliefgridError as trouble:
            self.close()
            log.warning("trial %d: could not be ended: %s", self.number, trouble)
        return None

    def _signed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body with the lease's token and without what is None."""
        token = self.lease.get("token")
        signed = body | ({"lease_token": token} if token else {})
        return {name: value for name, value in signed.items() if value is not None}

    def _heard(self, directive: Directive) -> Directive:
        self.should_stop = directive == "stop"
        return directive


def _plain(reason: str) -> str:
    """Return a reason that the service takes: no control characters, not too long."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in reason[:MOST_REASON])
