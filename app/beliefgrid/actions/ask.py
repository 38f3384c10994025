"""A worker asks which combinations to try."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import expire, workers
from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.errors import (
    ActionError,
    AllLeasedError,
    PosteriorBehindError,
    StudyArchivedError,
    StudyConvergedError,
    StudyExhaustedError,
    StudyPausedError,
)
from beliefgrid.actions.leases import LeaseRules, granted
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import Asked, TrialView
from beliefgrid.search import next_untested
from beliefgrid.storage import events, snapshots, trials
from beliefgrid.storage.rows import AnyRow

CLOSED: dict[str, tuple[type[ActionError], str]] = {
    "paused": (StudyPausedError, "the study is paused; resume it to go on"),
    "exhausted": (StudyExhaustedError, "the study is exhausted"),
    "converged": (StudyConvergedError, "the study has converged"),
    "archived": (StudyArchivedError, "the study is archived; set its state to active to go on"),
}

FEW_LOOKS = 16
FIRST_LIST = timedelta(seconds=3)
SHORT_WAIT = timedelta(milliseconds=200)  # for the newest posterior, while others are at work


def ask(
    c: Connection,
    study_id: str,
    *,
    worker: str | None,
    count: int,
    lease_seconds: int | None,
    now: datetime,
    rules: LeaseRules,
    patience: str = "none",
) -> Asked:
    """Lease up to `count` trials: the worker's own, then queued ones, then the best ranked.

    With patience `one`, an ask refuses while exactly one result is not in the posterior yet, and
    if others are at work only where it will be in a moment; with `all`, while any is missing. The
    caller waits and asks again.

    Raises:
        StudyPausedError, StudyExhaustedError, StudyConvergedError, StudyArchivedError: the study
            suggests nothing.
        WorkerQuarantinedError: the worker failed too often running.
        AllLeasedError: all that is left is with other workers.
        PosteriorBehindError: wait, then ask again.
    """
    with changing(c, study_id, now) as study:
        _require_open(study, rules)
        workers.require_trusted(study, worker)
        if rules.may_expire:
            expire.expire_study(study)
        found = _resumed(study, worker, count, lease_seconds, rules)
        is_reused = len(found) == count
        if not is_reused:
            others = int(study.get("counts").get("active", 0)) - len(found)
            _require_fresh(study, patience, is_alone=not others)
            wanted = min(count - len(found), study.trials_left() + _queued(study))
            lease = _Lease(worker, lease_seconds, rules)
            found += _from_queue(study, int(wanted), lease)
            while len(found) < count and study.trials_left() > 0:
                trial = _from_candidates(study, lease) or _from_walk(study, lease)
                if trial is None:
                    break
                found.append(trial)
        if not found:
            _refuse(study)
        study.begin()
        behind = study.row.results > study.row.snapshot_results
        return Asked(found, study.row.snapshot_seq, stale=behind, reused=is_reused)


class _Lease:
    """Who asks, and for how long."""

    def __init__(self, worker: str | None, seconds: int | None, rules: LeaseRules) -> None:
        self.worker, self.seconds, self.rules = worker, seconds, rules

    def columns(self, study: Change) -> dict[str, Any]:
        found = granted(self.rules, worker=self.worker, seconds=self.seconds, now=study.now)
        study.lease_until(found["lease_expires_at"])
        return found


def _require_open(study: Change, rules: LeaseRules) -> None:
    if study.row.state in CLOSED:
        error, sentence = CLOSED[study.row.state]
        reason = study.row.state_reason
        raise error(f"{sentence}: {reason}" if reason else sentence)
    if rules.may_expire and study.is_out_of_time():
        raise StudyExhaustedError("the study's budget of seconds is spent")


def _require_fresh(study: Change, patience: str, *, is_alone: bool) -> None:
    if patience == "none" or study.row.update_error is not None:
        return  # there will be none for a while; what there is must do
    unseen = study.row.results - study.row.snapshot_results
    must_wait = unseen > 0
    if study.row.snapshot_seq == 0 and patience == "one":
        # The first list is worth a moment; if nobody computes, the walk is as good a start.
        must_wait = study.now - study.row.created_at < FIRST_LIST
    elif patience == "one":
        must_wait = unseen == 1 and _is_worth_a_wait(study, is_alone=is_alone)
    if must_wait:
        raise PosteriorBehindError("the newest result is not in the posterior yet")


def _is_worth_a_wait(study: Change, *, is_alone: bool) -> bool:
    """Say whether an ask should wait for the one result that the posterior lacks.

    Not if that came while the newest posterior was computed: results come faster than updates
    then, and when this one is there, others will be missing.
    """
    if events.has_after(study.c, study.id, study.row.result_seq, "updated"):
        return False
    if is_alone:
        return True
    took = timedelta(milliseconds=snapshots.elapsed_ms(study.c, study.id, study.row.snapshot_seq))
    missing_for = study.now - (study.row.last_result_at or study.now)
    return max(took, missing_for) <= SHORT_WAIT


def _queued(study: Change) -> int:
    return int(study.get("counts").get("queued", 0))


def _resumed(
    study: Change, worker: str | None, count: int, seconds: int | None, rules: LeaseRules
) -> list[TrialView]:
    """Return the worker's own open trials, their lease prolonged: it may have lost the answer."""
    if worker is None or not study.get("counts").get("active"):
        return []
    found = []
    for row in trials.held_by(study.c, study.id, worker, count):
        lease = granted(rules, worker=worker, seconds=seconds or row.lease_seconds, now=study.now)
        kept = {
            name: lease[name] for name in ("lease_expires_at", "hard_deadline_at", "updated_at")
        }
        trials.move(study.c, row, ("active",), kept)
        study.lease_until(kept["lease_expires_at"])
        found.append(_leased_view(row, kept))
    return found


def _from_queue(study: Change, count: int, lease: _Lease) -> list[TrialView]:
    found = []
    if not count or not _queued(study):
        return []
    for row in trials.queued(study.c, study.id, count):
        columns = lease.columns(study)
        if trials.move(study.c, row, ("queued",), columns):
            study.count_trial("queued", "active")
            study.event("trial_leased", row.number, worker=lease.worker, cell=row.cell)
            found.append(_leased_view(row, columns))
    return found


def _from_candidates(study: Change, lease: _Lease) -> TrialView | None:
    candidate = snapshots.pop_candidate(study.c, study.id)
    if candidate is None:
        return None
    is_repeat = candidate.rank < 0  # it was given back
    attempt = 1 + trials.failures_of_cell(study.c, study.id, candidate.cell) if is_repeat else 1
    return _lease_cell(study, candidate, lease, attempt=attempt)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A cell that is not on the ranked list."""

    cell: int
    explanation: dict[str, Any]
    seq: int


def _from_walk(study: Change, lease: _Lease) -> TrialView | None:
    """Lease the next cell of the space-filling walk, when the ranked list ran dry."""
    if not _has_free_cell(study):
        return None
    cells, cursor = next_untested(
        study.problem, 1, taken=_taken_lookup(study), cursor=study.get("walk_cursor")
    )
    study.set(walk_cursor=int(cursor))
    if not len(cells):
        return None
    explanation = {
        "rule": "walk",
        "sentence": "The ranked list was used up before the posterior was updated, so this is "
        "the next cell of an even walk over the grid.",
    }
    return _lease_cell(study, _Candidate(int(cells[0]), explanation, study.row.snapshot_seq), lease)


def _has_free_cell(study: Change) -> bool:
    closed, n_cells = study.get("cells_closed"), study.row.n_cells
    # Live trials may lie off the grid or repeat a cell, so when it gets close they are counted.
    may_be_full = closed + study.live >= n_cells
    return not may_be_full or closed + trials.open_cells(study.c, study.id) < n_cells


def _taken_lookup(study: Change) -> Callable[[int], bool]:
    """Return whether a cell is taken: a query each for the first ones, then one for all."""
    looks = 0
    every: set[int] = set()

    def is_taken(cell: int) -> bool:
        nonlocal looks, every
        looks += 1
        if looks <= FEW_LOOKS:
            return trials.is_taken(study.c, study.id, cell)
        every = every or trials.taken_cells(study.c, study.id)
        return cell in every

    return is_taken


def _lease_cell(
    study: Change, candidate: AnyRow | _Candidate, lease: _Lease, *, attempt: int = 1
) -> TrialView:
    number = study.next_number()
    cell = candidate.cell
    row = new_trial(
        study,
        number,
        cell=cell,
        assignments=study.problem.grid.assignments(cell),
        source="suggested",
        seq=candidate.seq,
        explanation=candidate.explanation,
    )
    row |= lease.columns(study) | {"attempt": attempt}
    trials.add(study.c, row)
    study.count_trial(None, "active")
    study.event("trial_leased", number, worker=lease.worker, cell=cell)
    return _view_of_new(row)


def new_trial(
    study: Change,
    number: int,
    *,
    cell: int | None,
    assignments: dict[str, Any],
    source: str,
    seq: int,
    explanation: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the row of a trial that waits."""
    return {
        "study_id": study.id,
        "number": number,
        "cell": cell,
        "assignments": assignments,
        "state": "queued",
        "source": source,
        "attempt": 1,
        "worker": None,
        "lease_token": None,
        "lease_seconds": None,
        "lease_expires_at": None,
        "hard_deadline_at": None,
        "seq": seq,
        "explanation": explanation,
        "reason": None,
        "notes": "",
        "tags": [],
        "late": False,
        "version": 1,
        "created_at": study.now,
        "started_at": None,
        "completed_at": None,
        "updated_at": study.now,
        "deleted_at": None,
    }


class _Fields:
    """A row that was just written, read like one that was just fetched."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _view_of_new(row: dict[str, Any]) -> TrialView:
    return trial_view(_Fields(row), with_token=True)  # type: ignore[arg-type]  # it has the columns of a row


def _leased_view(row: AnyRow, columns: dict[str, Any]) -> TrialView:
    return _view_of_new(row._asdict() | columns)


def _refuse(study: Change) -> None:
    if study.live:
        raise AllLeasedError(
            f"all that is left of the grid or the budget is with {study.live} open trials; ask "
            "again when one of them is finished"
        )
    raise StudyExhaustedError("every cell of the grid is tested")
