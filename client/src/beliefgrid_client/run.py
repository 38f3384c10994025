"""A whole worker: ask, call, tell, until the study is over; one after the other or side by side.

Side by side means threads, or processes with `processes=True`: then the function must be one
that can be imported, and the script needs `if __name__ == "__main__":` around its start.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import random
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from beliefgrid_client.answers import TrialRecord
from beliefgrid_client.connection import REFUSALS, Connection
from beliefgrid_client.errors import (
    AllLeasedError,
    BeliefgridError,
    EndedError,
    InfeasibleError,
    NonFiniteValueError,
    PausedError,
)
from beliefgrid_client.study import LEASE_SECONDS, Study
from beliefgrid_client.trial import Trial

# What a function gives back: the objective's value, or several metrics by name.
Outcome = float | Mapping[str, float]
OnResult = Callable[[Trial, TrialRecord], object]
ASK_AGAIN_S = 5.0
log = logging.getLogger("beliefgrid_client")


@dataclass
class Summary:
    """What a run did; `ended` says why it is over: a state, `interrupted` or `max_trials`."""

    completed: int = 0
    failed: int = 0
    infeasible: int = 0
    ended: str = ""

    def add(self, other: Summary) -> None:
        """Count another worker's trials too."""
        self.completed += other.completed
        self.failed += other.failed
        self.infeasible += other.infeasible
        self.ended = self.ended or other.ended


class Flag(Protocol):
    """An event of threads or of processes."""

    def is_set(self) -> bool:
        """Return whether it was set."""
        ...

    def set(self) -> None:
        """Set it for all who look."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it; return whether it is set."""
        ...


@dataclass(frozen=True)
class Job:
    """What each worker needs; can be sent to another process."""

    connection: Connection
    study: dict[str, str]
    function: Callable[..., Outcome]
    worker: str
    lease_seconds: int = LEASE_SECONDS
    pass_trial: bool = False
    max_trials: int | None = None
    on_result: OnResult | None = None


def run(  # noqa: PLR0913 - all but two have defaults
    study: Study,
    function: Callable[..., Outcome],
    *,
    workers: int = 1,
    processes: bool = False,
    worker: str | None = None,
    lease_seconds: int = LEASE_SECONDS,
    pass_trial: bool = False,
    max_trials: int | None = None,
    on_result: OnResult | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Work on a study until it is over.

    Args:
        study: what to work on.
        function: called with the assignments by name; returns the value, or values by metric.
            An exception it raises is reported as a failure, an InfeasibleError or a value that
            is not finite as an infeasible combination; the run goes on.
        workers: how many trials at once.
        processes: whether the workers are processes; threads otherwise.
        worker: what they are called; -1, -2 ... is added. Else host and process id.
        lease_seconds: how soon others get a trial if this machine dies.
        pass_trial: call the function with the trial itself, for `measure` and `should_stop`.
        max_trials: how many trials each worker does at most.
        on_result: called with each trial and its record, once the service has the result.
        stop: set it to end a run in the calling thread after the trial at hand.

    Ctrl-C lets the workers finish what they have; with a second one processes give it back, and
    threads leave it to expire. A single worker runs in the calling thread, where Ctrl-C
    interrupts the function and gives the trial back.

    Raises:
        BeliefgridError: the service refused, or could not be reached.
    """
    name = worker or os.environ.get("BELIEFGRID_WORKER") or f"{socket.gethostname()}-{os.getpid()}"
    facts = {"id": study.id, "name": study.name}
    job = Job(
        study.connection, facts, function, name, lease_seconds, pass_trial, max_trials, on_result
    )
    study.connection.deliver_spooled()
    if workers == 1 and not processes:
        return Worker(job, stop or threading.Event()).work()
    return _side_by_side(job, workers, processes=processes)


@dataclass
class Worker:
    """One loop of ask, call, tell."""

    job: Job
    no_more: Flag  # set: finish the trial at hand and ask for no other
    hurry: Flag = field(default_factory=threading.Event)  # set: wait for nothing
    done: Counter[str] = field(default_factory=Counter)

    def work(self) -> Summary:
        """Try trials until there are no more."""
        study = Study(self.job.connection, self.job.study)
        ended = ""
        while not ended:
            if self.no_more.is_set():
                ended = "interrupted"
            elif self.job.max_trials is not None and self.done.total() >= self.job.max_trials:
                ended = "max_trials"
            else:
                ended = self._one(study)
        return Summary(self.done["completed"], self.done["failed"], self.done["infeasible"], ended)

    def _one(self, study: Study) -> str:
        """Try one trial; return why the study is over, if it is."""
        try:
            trial = study.ask(
                worker=self.job.worker,
                lease_seconds=self.job.lease_seconds,
                wait=self.no_more.wait,
            )
        except EndedError as end:
            return end.code
        except (AllLeasedError, PausedError) as later:
            self.no_more.wait((later.retry_after or ASK_AGAIN_S) * random.uniform(0.5, 1.0))  # noqa: S311 - spreads workers, hides nothing
            return ""
        except BeliefgridError:
            if self.no_more.is_set():  # the wait for an answer was cut short
                return "interrupted"
            raise
        trial.wait = self.hurry.wait
        self._try(trial)
        return ""

    def _try(self, trial: Trial) -> None:
        try:
            outcome = self._call(trial)
        except BaseException as error:
            record = trial.end(error)
            if not isinstance(error, Exception):
                raise  # Ctrl-C or an exit
            if not isinstance(error, InfeasibleError):
                log.warning("trial %d failed: %s", trial.number, error, exc_info=error)
            if record is not None:
                self._count(trial, record)
        else:
            self._report(trial, outcome)

    def _call(self, trial: Trial) -> Outcome:
        if self.job.pass_trial:
            return self.job.function(trial)
        return self.job.function(**trial.assignments)

    def _report(self, trial: Trial, outcome: Outcome) -> None:
        try:
            record = _tell(trial, outcome)
        except NonFiniteValueError:
            record = trial.fail(f"the result is {outcome}", kind="infeasible")
        except REFUSALS as refusal:
            # Somebody deleted, cancelled or corrected the trial meanwhile: theirs to decide.
            trial.close()
            log.warning("trial %d: the result %s is refused: %s", trial.number, outcome, refusal)
            return
        self._count(trial, record)

    def _count(self, trial: Trial, record: TrialRecord) -> None:
        self.done[record.state] += 1
        if self.job.on_result is not None:
            self.job.on_result(trial, record)


def _tell(trial: Trial, outcome: Outcome) -> TrialRecord:
    if isinstance(outcome, Mapping):
        return trial.tell(values=outcome)
    return trial.tell(float(outcome))


# ---------------------------------------------------------------- side by side
def _side_by_side(job: Job, workers: int, *, processes: bool) -> Summary:
    make: Any  # threading and multiprocessing agree in all that is used here
    no_more: Flag
    hurry: Flag
    if processes:
        make = multiprocessing.get_context("spawn")
        lane, results, no_more, hurry = make.Process, make.Queue(), make.Event(), make.Event()
    else:
        lane, results = threading.Thread, queue.Queue()
        no_more, hurry = threading.Event(), threading.Event()
    lanes = []
    for number in range(1, workers + 1):
        own = Job(**{**vars(job), "worker": f"{job.worker}-{number}"})
        target = _process if processes else _lane
        lanes.append(lane(target=target, args=(own, no_more, hurry, results), daemon=True))
        lanes[-1].start()
    interrupted = _wait_for(lanes, no_more, hurry)
    return _sum(results, lanes, interrupted=interrupted)


def _process(job: Job, no_more: Flag, hurry: Flag, results: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    _lane(job, no_more, hurry, results)


def _leave() -> None:
    raise SystemExit(1)  # the trial is given back on the way out


def _lane(job: Job, no_more: Flag, hurry: Flag, results: Any) -> None:
    try:
        results.put(Worker(job, no_more, hurry).work())
    except Exception as error:  # noqa: BLE001 - carried to the caller and raised there
        results.put(error)


def _wait_for(lanes: list[Any], no_more: Flag, hurry: Flag) -> bool:
    """Wait for all workers; return whether somebody pressed Ctrl-C."""
    interrupted = False
    while any(lane.is_alive() for lane in lanes):
        try:
            for lane in lanes:
                lane.join(0.1)
        except KeyboardInterrupt:
            if interrupted:
                hurry.set()
                for lane in lanes:
                    getattr(lane, "terminate", lambda: None)()
                raise
            interrupted = True
            no_more.set()
            log.warning("finishing the trials at hand; Ctrl-C again to leave them")
    return interrupted


def _sum(results: Any, lanes: list[Any], *, interrupted: bool) -> Summary:
    total = Summary()
    errors: list[Exception] = []
    for _ in lanes:
        try:
            found = results.get(timeout=1.0)
        except queue.Empty:
            errors.append(BeliefgridError("a worker process died; its trial expires by itself"))
            continue
        if isinstance(found, Exception):
            errors.append(found)
        else:
            total.add(found)
    if errors and not total.ended:
        raise errors[0]
    for error in errors:
        log.warning("a worker ended early: %s", error)
    if interrupted:
        total.ended = "interrupted"
    return total
