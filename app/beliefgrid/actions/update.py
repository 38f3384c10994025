"""The posterior follows the results: read what is known, compute, publish the snapshot."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.compute import QUEUE_LENGTH, Update
from beliefgrid.actions.errors import StudyUnknownError
from beliefgrid.actions.regrid import is_same_grid, known_at
from beliefgrid.actions.views import Recipe
from beliefgrid.storage import snapshots, studies, trials
from beliefgrid.storage.rows import AnyRow

LONGEST_QUEUE = 512  # of ranked cells: asks wait while they are stored


@dataclass(frozen=True, slots=True)
class Task:
    """An update that is due: what to compute, and what it follows."""

    recipe: Recipe
    revision: int
    results: int
    previous: dict[str, Any] | None
    n_queue: int
    unseen: int = 1  # results that the posterior before has not seen
    known_at: datetime | None = None  # when the newest result of the recipe came


def due(c: Connection) -> list[str]:
    """Return the studies whose newest snapshot has not seen every result."""
    return studies.behind(c)


def task(c: Connection, study_id: str) -> Task | None:
    """Read what the next update of a study needs; None if none is due."""
    row = studies.find(c, study_id)
    if row is None or row.deleted_at is not None or row.results <= row.snapshot_results:
        return None
    previous = snapshots.find(c, study_id)
    live = row.counts.get("active", 0) + row.counts.get("queued", 0)
    unseen = row.results - row.snapshot_results  # so many may be asked for until the next update
    return Task(
        recipe=recipe_at(c, row, row.result_seq, pending=trials.pending_cells(c, study_id)),
        revision=row.revision,
        results=row.results,
        previous=previous.theta if previous is not None else None,
        n_queue=min(max(QUEUE_LENGTH, 4 * live, 2 * unseen), LONGEST_QUEUE),
        unseen=unseen,
        known_at=row.last_result_at or row.created_at,
    )


def recipe_at(
    c: Connection,
    row: AnyRow,
    seq: int,
    *,
    pending: list[int],
    revision: int | None = None,
    theta: dict[str, Any] | None = None,
) -> Recipe:
    """Return all that the engine needs to know what was believed after an event."""
    is_current = revision is None or revision == row.revision
    known = known_at(c, row, seq, revision or row.revision)
    valued = [found for found in known if found.kind == "value"]
    return Recipe(
        study_id=row.id,
        seq=seq,
        definition=row.definition
        if is_current
        else studies.definition_at(c, row.id, revision or row.revision),
        cells=[found.cell for found in valued],
        values=[found.value for found in valued],
        stddevs=[found.stddev for found in valued],
        infeasible=[found.cell for found in known if found.kind == "infeasible"],
        pending=pending,
        theta=theta,
    )


def publish(c: Connection, done: Task, update: Update, *, now: datetime) -> bool:
    """Store a snapshot and its ranked list; False if a newer one is already there."""
    study_id = done.recipe.study_id
    try:
        with changing(c, study_id, now) as study:
            if study.row.snapshot_seq >= done.recipe.seq:
                return False
            update = _twice_running(c, study, update)
            store(c, done.recipe, done.revision, update, now)
            if is_same_grid(c, study_id, done.revision, study.row.revision):
                _replace_queue(study, done, update)
            study.set(
                snapshot_seq=done.recipe.seq, snapshot_results=done.results, update_error=None
            )
            study.event("updated", **boundary(done.recipe, done.revision, update))
            _stop_if_asked(study, update)
            return True
    except StudyUnknownError:
        return False  # deleted meanwhile


def give_up(c: Connection, done: Task, message: str, *, now: datetime) -> None:
    """Note that the posterior could not be computed; the study goes on with what it has."""
    with changing(c, done.recipe.study_id, now, deleted=True) as study:
        if study.row.update_error != message:
            study.set(update_error=message)
            study.event("update_failed", message=message)


def boundary(recipe: Recipe, revision: int, update: Update) -> dict[str, Any]:
    """Return what the event of an update says: enough to compute its snapshot again."""
    return {
        "snapshot": recipe.seq,
        "revision": revision,
        "engine": update.engine_version,
        "theta": update.theta,
        "pending": recipe.pending,
        "should_stop": update.summary["should_stop"],
    }


def store(c: Connection, recipe: Recipe, revision: int, update: Update, now: datetime) -> None:
    """Store a snapshot."""
    snapshots.add(
        c,
        {
            "study_id": recipe.study_id,
            "seq": recipe.seq,
            "revision": revision,
            "engine_version": update.engine_version,
            "theta": update.theta,
            "pending": recipe.pending,
            "summary": update.summary,
            "top": update.top,
            "field": update.field,
            "n_observations": len(recipe.cells),
            "elapsed_ms": update.elapsed_ms,
            "created_at": now,
        },
    )


def _twice_running(c: Connection, study: Change, update: Update) -> Update:
    """Advise to stop only when the rule held at the snapshot before, too."""
    before = snapshots.find(c, study.id)
    held_before = before is not None and bool(before.summary.get("holds"))
    return replace(update, summary=update.summary | {"should_stop": update.holds and held_before})


def _replace_queue(study: Change, done: Task, update: Update) -> None:
    # Cells that were leased or told while the update was computed are not offered again.
    snapshots.replace_candidates(study.c, study.id, done.recipe.seq, update.queue)
    if done.revision != study.row.revision:  # its rules may have been others
        offered = snapshots.candidate_cells(study.c, study.id)
        gone = [cell for cell in offered if not study.problem.is_allowed(cell)]
        if gone:
            snapshots.drop_candidates(study.c, study.id, gone)


def _stop_if_asked(study: Change, update: Update) -> None:
    stopping = study.definition.get("stopping") or {}
    if stopping.get("action") != "stop" or study.get("state") != "active":
        return
    if update.summary["should_stop"]:
        reasons = "; ".join(update.summary["reasons"]) or "the stopping rule holds"
        study.end("converged", reasons)
