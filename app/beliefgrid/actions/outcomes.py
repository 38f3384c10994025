"""What becomes of a trial, and of what is known of its cell."""

from typing import Any

from beliefgrid.actions.change import Change
from beliefgrid.actions.definitions import RETRIES
from beliefgrid.actions.errors import TrialFinishedError
from beliefgrid.storage import observations, snapshots, trials
from beliefgrid.storage.rows import AnyRow

NOTHING = dict.fromkeys(("value", "values", "stddev", "duration", "metadata"))


def finish(
    study: Change,
    row: AnyRow,
    state: str,
    seq: int,
    outcome: dict[str, Any] | None,
    *,
    reason: str | None = None,
    late: bool = False,
) -> None:
    """Move a trial to its end and store its outcome.

    Raises:
        TrialFinishedError: another result was first.
    """
    now = study.now
    columns = {"state": state, "completed_at": now, "updated_at": now}
    columns |= {"reason": reason, "late": late, "version": row.version + 1}
    if not trials.move(study.c, row, (row.state,), columns):
        raise finished(row)
    study.count_trial(row.state, state)
    if outcome is not None:
        store_outcome(study, row, seq, outcome)


def finished(row: AnyRow) -> TrialFinishedError:
    """Return the error for a trial that ended in another way."""
    return TrialFinishedError(
        f"trial {row.number} is {row.state}: it takes no further result; queue the cell again to "
        "measure it once more"
    )


def store_outcome(study: Change, row: AnyRow, seq: int, outcome: dict[str, Any]) -> None:
    """Store what is known of a trial's cell from now on, and count it."""
    if row.cell is not None:
        if study.problem.is_allowed(row.cell) and not _is_closed(study, row):
            study.set(cells_closed=study.get("cells_closed") + 1)
        if row.state != "active":  # else the cell left the list when it was leased
            snapshots.drop_candidate(study.c, study.id, row.cell)
        study.believe_anew(seq)
    stored = NOTHING | outcome
    stored |= {"trial_id": row.id, "study_id": study.id, "cell": row.cell, "seq": seq}
    stored |= {"removed_seq": None, "created_at": study.now}
    observations.add(study.c, stored)
    if outcome["kind"] == "value":
        study.set(observations=study.get("observations") + 1)
    study.set(last_result_at=study.now)


def remove_outcome(study: Change, row: AnyRow, seq: int) -> None:
    """Stop counting what a trial taught."""
    if not observations.remove(study.c, row.id, seq):
        return
    if row.outcome == "value":
        study.set(observations=study.get("observations") - 1)
    if row.cell is None:
        return
    study.believe_anew(seq)
    # Results of cells that are not searched are kept, not counted.
    is_searched = study.problem.is_allowed(row.cell)
    if is_searched and not observations.is_closed(study.c, study.id, row.cell):
        study.set(cells_closed=study.get("cells_closed") - 1)


def _is_closed(study: Change, row: AnyRow) -> bool:
    """Say whether a trial's cell has an outcome that counts."""
    if row.state == "active" and hasattr(row, "is_cell_closed"):
        return bool(row.is_cell_closed)  # nothing was removed since the row was read
    return observations.is_closed(study.c, study.id, row.cell)


def attempts_left(study: Change, cell: int, *, spent: int = 0) -> int:
    """Return how often a cell may still be tried, after `spent` more failures."""
    allowed = int(study.definition.get("retries", RETRIES)) + 1
    return allowed - trials.failures_of_cell(study.c, study.id, cell) - spent


def give_back(study: Change, cell: int, explanation: dict[str, object] | None) -> None:
    """Put a cell at the head of the list, for the next who asks, if it is still searched."""
    if not study.problem.is_allowed(cell) or trials.is_taken(study.c, study.id, cell):
        return
    # It may be listed again already, by an update that did not know of the lease.
    snapshots.drop_candidate(study.c, study.id, cell)
    snapshots.put_candidate(
        study.c,
        {
            "study_id": study.id,
            "rank": -1,
            "cell": cell,
            "seq": study.row.snapshot_seq,
            "explanation": explanation,
        },
    )
