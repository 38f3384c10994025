"""Trials that did not come from a suggestion: queued by hand, or imported with their result."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.ask import new_trial
from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.definitions import problem_of
from beliefgrid.actions.errors import LimitError
from beliefgrid.actions.tell import result_value, store_outcome, trial_row
from beliefgrid.actions.views import Imported, TrialView, trial_view
from beliefgrid.search import check_value
from beliefgrid.storage import snapshots, trials

MAX_ROWS = 10_000


def queue_trial(
    c: Connection,
    study_id: str,
    *,
    assignments: dict[str, Any],
    observation: dict[str, Any] | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Queue a combination for the next worker, or store it with its observation.

    A combination may lie off the grid (its cell is None) and may repeat a tested cell.

    Raises:
        SearchError: a parameter is missing or unknown, or the value cannot be used.
    """
    with changing(c, study_id, now, actor=actor) as study:
        if observation is None:
            number = _queue(study, assignments)
        else:
            number = _import(study, assignments, observation)
            study.end_if_spent()
        return trial_view(trial_row(c, study_id, number))


def import_batch(
    c: Connection,
    study_id: str,
    *,
    rows: list[dict[str, Any]],
    dry_run: bool = False,
    actor: str | None = None,
    now: datetime,
) -> Imported:
    """Store many results at once, all or none; they make one update of the posterior.

    A dry run checks every row and stores nothing.
    """
    if len(rows) > MAX_ROWS:
        raise LimitError(f"expected at most {MAX_ROWS:,} rows, got {len(rows):,}; send them in parts")
    with changing(c, study_id, now, actor=actor) as study:
        grid = problem_of(study.row).grid
        off_grid = sum(grid.cell(row["assignments"]) is None for row in rows)
        if dry_run:
            for row in rows:
                _checked(study, row)
            return Imported(len(rows), off_grid, [], dry_run=True)
        numbers = [_import(study, row["assignments"], row) for row in rows]
        study.end_if_spent()
        return Imported(len(rows), off_grid, numbers, dry_run=False)


def _queue(study: Change, assignments: dict[str, Any]) -> int:
    cell, assignments = _placed(study, assignments)
    number = study.next_number()
    row = new_trial(
        study,
        number,
        cell=cell,
        assignments=assignments,
        source="queued",
        seq=study.row.snapshot_seq,
        explanation={"rule": "queued", "sentence": "Queued by hand."},
    )
    trials.add(study.c, row)
    if cell is not None:
        snapshots.drop_candidate(study.c, study.id, cell)
    study.count_trial(None, "queued")
    study.event("trial_queued", number, cell=cell)
    return number


def _import(study: Change, assignments: dict[str, Any], observation: dict[str, Any]) -> int:
    value = _checked(study, observation)
    cell, assignments = _placed(study, assignments)
    number = study.next_number()
    row = new_trial(
        study,
        number,
        cell=cell,
        assignments=assignments,
        source="imported",
        seq=study.row.snapshot_seq,
    ) | {"state": "completed", "completed_at": study.now}
    trial_id = trials.add(study.c, row)
    study.count_trial(None, "completed")
    seq = study.event("trial_imported", number, value=value, cell=cell)
    outcome = {
        name: observation.get(name) for name in ("values", "stddev", "duration", "metadata")
    }
    store_outcome(study, trial_id, cell, seq, outcome | {"kind": "value", "value": value})
    return number


def _checked(study: Change, observation: dict[str, Any]) -> float:
    value = result_value(study, None, observation.get("value"), observation.get("values"))
    check_value(problem_of(study.row), value)
    return value


def _placed(study: Change, assignments: dict[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """Return the cell, and the assignments in the grid's own values where they are on it."""
    grid = problem_of(study.row).grid
    cell = grid.cell(assignments)
    return cell, assignments if cell is None else grid.assignments(cell)
