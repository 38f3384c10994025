"""A worker that fails again and again gets nothing more, so that it cannot burn the grid."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.errors import WorkerQuarantinedError, WorkerUnknownError
from beliefgrid.storage import trials

MOST_FAILURES = 5  # running; after them a worker is quarantined

Failing = dict[str, list[Any]]  # worker -> [failures running, when it failed last]


def is_quarantined(failing: Failing, worker: str | None) -> bool:
    """Say whether a worker gets nothing more."""
    return worker is not None and failing.get(worker, [0])[0] >= MOST_FAILURES


def note_failure(study: Change, worker: str | None) -> None:
    """Count a failure of a worker; unnamed workers cannot be told apart."""
    if worker is None:
        return
    failing: Failing = dict(study.get("failing"))
    count = failing.get(worker, [0])[0] + 1
    failing[worker] = [count, study.now.isoformat()]
    study.set(failing=failing)
    if count == MOST_FAILURES:
        study.event("worker_quarantined", worker=worker, failures=count)


def note_success(study: Change, worker: str | None) -> None:
    """Forget the failures of a worker."""
    if worker in study.get("failing"):
        study.set(failing={w: seen for w, seen in study.get("failing").items() if w != worker})


def require_trusted(study: Change, worker: str | None) -> None:
    """Raise WorkerQuarantinedError if a worker failed too often, with no success since.

    A success in any other study counts: then it was not the worker.
    """
    failing: Failing = study.get("failing")
    if worker is None or not is_quarantined(failing, worker):
        return
    count, last = failing[worker]
    if trials.succeeded_since(study.c, worker, datetime.fromisoformat(last)):
        note_success(study, worker)
        return
    raise WorkerQuarantinedError(
        f"worker {worker[:60]!r} failed {count} times running and gets nothing more; release it "
        "when it is repaired, or ask under another name"
    )


def release_worker(
    c: Connection, study_id: str, worker: str, *, actor: str | None = None, now: datetime
) -> None:
    """Forget the failures of a worker, because a person says that it is repaired.

    Raises:
        WorkerUnknownError: no worker of that name is failing.
    """
    with changing(c, study_id, now, actor=actor) as study:
        if worker not in study.get("failing"):
            raise WorkerUnknownError(
                f"expected a worker that failed, got {worker[:60]!r}; "
                f"GET /api/v1/studies/{study_id}/workers lists them"
            )
        note_success(study, worker)
        study.event("worker_released", worker=worker)
