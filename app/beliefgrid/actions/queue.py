"""Trials that did not come from a suggestion: queued by hand, or imported with their result."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.ask import new_trial
from beliefgrid.actions.change import Change, changing, trial_row
from beliefgrid.actions.errors import LimitError
from beliefgrid.actions.tell import result_value
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import Imported, TrialView
from beliefgrid.search import check_value
from beliefgrid.storage import observations, snapshots, trials

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
            number = _import(study, [observation | {"assignments": assignments}])[0]
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
        raise LimitError(
            f"expected at most {MAX_ROWS:,} rows, got {len(rows):,}; send them in parts"
        )
    with changing(c, study_id, now, actor=actor) as study:
        grid = study.problem.grid
        off_grid = sum(grid.cell(row["assignments"]) is None for row in rows)
        if dry_run:
            for row in rows:
                _checked(study, row)
            return Imported(len(rows), off_grid, [], dry_run=True)
        return Imported(len(rows), off_grid, _import(study, rows), dry_run=False)


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


def _import(study: Change, rows: list[dict[str, Any]]) -> list[int]:
    """Store finished trials: a few statements, however many there are."""
    new, outcomes = [], []
    for row in rows:
        value = _checked(study, row)
        cell, assignments = _placed(study, row["assignments"])
        number = study.next_number()
        seq = study.event("trial_imported", number, value=value, cell=cell)
        trial = new_trial(
            study,
            number,
            cell=cell,
            assignments=assignments,
            source="imported",
            seq=study.row.snapshot_seq,
        )
        new.append(trial | {"state": "completed", "completed_at": study.now})
        outcome = {name: row.get(name) for name in ("values", "stddev", "duration", "metadata")}
        outcome |= {"kind": "value", "value": value, "cell": cell, "seq": seq}
        outcomes.append(outcome | {"removed_seq": None, "created_at": study.now})
        study.count_trial(None, "completed")
    if new:
        _store(study, new, outcomes)
    return [trial["number"] for trial in new]


def _store(study: Change, new: list[dict[str, Any]], outcomes: list[dict[str, Any]]) -> None:
    ids = trials.add_many(study.c, new)
    for trial, outcome in zip(new, outcomes, strict=True):
        outcome |= {"trial_id": ids[trial["number"]], "study_id": study.id}
    cells = {trial["cell"] for trial in new if trial["cell"] is not None}
    searched = {cell for cell in cells if study.problem.is_allowed(cell)}
    newly_closed = len(searched - observations.closed_among(study.c, study.id, searched))
    observations.add_many(study.c, outcomes)
    snapshots.drop_candidates(study.c, study.id, cells)
    study.set(
        observations=study.get("observations") + len(new),
        cells_closed=study.get("cells_closed") + newly_closed,
        last_result_at=study.now,
    )
    if cells:
        last = max(o["seq"] for o in outcomes if o["cell"] is not None)
        study.set(results=study.get("results") + len(new), result_seq=last)


def _checked(study: Change, observation: dict[str, Any]) -> float:
    value = result_value(study, None, observation.get("value"), observation.get("values"))
    check_value(study.problem, value)
    return value


def _placed(study: Change, assignments: dict[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """Return the cell, and the assignments in the grid's own values where they are on it."""
    grid = study.problem.grid
    cell = grid.cell(assignments)
    return cell, assignments if cell is None else grid.assignments(cell)
