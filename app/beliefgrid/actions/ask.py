"""A worker asks which combinations to try."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import expire
from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.definitions import problem_of
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
from beliefgrid.actions.views import Asked, TrialView, trial_view
from beliefgrid.search import next_untested
from beliefgrid.storage import snapshots, trials
from beliefgrid.storage.rows import AnyRow

CLOSED: dict[str, tuple[type[ActionError], str]] = {
    "paused": (StudyPausedError, "the study is paused; resume it to go on"),
    "exhausted": (StudyExhaustedError, "the study is exhausted"),
    "converged": (StudyConvergedError, "the study has converged"),
    "archived": (StudyArchivedError, "the study is archived; set its state to active to go on"),
}


def ask(  # noqa: PLR0913 - what a worker may say
    c: Connection,
    study_id: str,
    *,
    worker: str | None,
    count: int,
    lease_seconds: int | None,
    now: datetime,
    rules: LeaseRules = LeaseRules(),
    patience: str = "none",
) -> Asked:
    """Lease up to `count` trials: the worker's own, then queued ones, then the best ranked.

    With patience `one`, an ask refuses while exactly one result is not in the posterior yet;
    with `all`, while any is. The caller waits and asks again.

    Raises:
        StudyPausedError, StudyExhaustedError, StudyConvergedError, StudyArchivedError: the study
            suggests nothing.
        AllLeasedError: all that is left is with other workers.
        PosteriorBehindError: wait, then ask again.
    """
    with changing(c, study_id, now) as study:
        _require_open(study)
        if rules.no_expiry_before is None or now >= rules.no_expiry_before:
            expire.expire_study(study)
        found = _resumed(study, worker, count, lease_seconds, rules)
        is_reused = len(found) == count
        if not is_reused:
            _require_fresh(study, patience)
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
        if study.get("started_at") is None:
            study.set(started_at=now)
        behind = study.row.results > study.row.snapshot_results
        return Asked(found, study.row.snapshot_seq, stale=behind, reused=is_reused)


class _Lease:
    """Who asks, and for how long."""

    def __init__(self, worker: str | None, seconds: int | None, rules: LeaseRules) -> None:
        self.worker, self.seconds, self.rules = worker, seconds, rules

    def columns(self, now: datetime) -> dict[str, Any]:
        return granted(self.rules, worker=self.worker, seconds=self.seconds, now=now)


def _require_open(study: Change) -> None:
    if study.row.state in CLOSED:
        error, sentence = CLOSED[study.row.state]
        reason = study.row.state_reason
        raise error(f"{sentence}: {reason}" if reason else sentence)
    if study.is_out_of_time():
        raise StudyExhaustedError("the study's budget of seconds is spent")


def _require_fresh(study: Change, patience: str) -> None:
    unseen = study.row.results - study.row.snapshot_results
    has_none = study.row.snapshot_seq == 0
    must_wait = {"none": False, "one": has_none or unseen == 1, "all": unseen > 0}
    if must_wait[patience]:
        raise PosteriorBehindError("the newest result is not in the posterior yet")


def _queued(study: Change) -> int:
    return int(study.get("counts").get("queued", 0))


def _resumed(
    study: Change, worker: str | None, count: int, seconds: int | None, rules: LeaseRules
) -> list[TrialView]:
    """Return the worker's own open trials, their lease prolonged: it may have lost the answer."""
    if worker is None:
        return []
    found = []
    for row in trials.held_by(study.c, study.id, worker, count):
        lease = granted(rules, worker=worker, seconds=seconds or row.lease_seconds, now=study.now)
        kept = {
            name: lease[name] for name in ("lease_expires_at", "hard_deadline_at", "updated_at")
        }
        trials.move(study.c, row.id, ("active",), kept)
        found.append(_leased_view(row, kept))
    return found


def _from_queue(study: Change, count: int, lease: _Lease) -> list[TrialView]:
    found = []
    for row in trials.queued(study.c, study.id, count) if count else []:
        columns = lease.columns(study.now)
        if trials.move(study.c, row.id, ("queued",), columns):
            study.count_trial("queued", "active")
            study.event("trial_leased", row.number, worker=lease.worker, cell=row.cell)
            found.append(_leased_view(row, columns))
    return found


def _from_candidates(study: Change, lease: _Lease) -> TrialView | None:
    candidate = snapshots.pop_candidate(study.c, study.id)
    if candidate is None:
        return None
    return _lease_cell(study, candidate.cell, candidate.explanation, candidate.seq, lease)


def _from_walk(study: Change, lease: _Lease) -> TrialView | None:
    """Lease the next cell of the space-filling walk, when the ranked list ran dry."""
    if study.get("cells_closed") + study.live >= study.row.n_cells:
        return None
    cells, cursor = next_untested(
        problem_of(study.row),
        1,
        taken=lambda cell: trials.is_taken(study.c, study.id, cell),
        cursor=study.get("walk_cursor"),
    )
    study.set(walk_cursor=cursor)
    if not cells:
        return None
    explanation = {
        "rule": "walk",
        "sentence": "The ranked list was used up before the posterior was updated, so this is "
        "the next cell of an even walk over the grid.",
    }
    return _lease_cell(study, cells[0], explanation, study.row.snapshot_seq, lease)


def _lease_cell(
    study: Change, cell: int, explanation: dict[str, Any] | None, seq: int, lease: _Lease
) -> TrialView:
    number = study.next_number()
    grid = problem_of(study.row).grid
    row = new_trial(
        study,
        number,
        cell=cell,
        assignments=grid.assignments(cell),
        source="suggested",
        seq=seq,
        explanation=explanation,
    ) | lease.columns(study.now)
    trials.add(study.c, row)
    study.count_trial(None, "active")
    study.event("trial_leased", number, worker=lease.worker, cell=cell)
    return _view_of_new(row)


def new_trial(  # noqa: PLR0913 - the columns of a trial
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
        self._fields = tuple(values)


def _view_of_new(row: dict[str, Any]) -> TrialView:
    return trial_view(_Fields(row), with_token=True)  # type: ignore[arg-type]


def _leased_view(row: AnyRow, columns: dict[str, Any]) -> TrialView:
    return _view_of_new(dict(row._mapping) | columns)


def _refuse(study: Change) -> None:
    if study.live:
        raise AllLeasedError(
            f"all that is left of the grid or the budget is with {study.live} open trials; ask "
            "again when one of them is finished"
        )
    raise StudyExhaustedError("every cell of the grid is tested")
