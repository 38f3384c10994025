"""A worker tells what came of a trial: a value, a failure, or measurements on the way."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.definitions import MAX_ATTEMPTS, problem_of
from beliefgrid.actions.errors import (
    LeaseExpiredError,
    MeasurementConflictError,
    MetricUnknownError,
    NonFiniteValueError,
    ObservationConflictError,
    TrialFinishedError,
    TrialUnknownError,
    ValueMissingError,
)
from beliefgrid.actions.expire import give_back
from beliefgrid.actions.leases import check_token
from beliefgrid.actions.states import sources_of
from beliefgrid.actions.views import Measured, TrialView, objective_of, trial_view
from beliefgrid.search import check_value
from beliefgrid.storage import observations, snapshots, trials
from beliefgrid.storage.rows import AnyRow


def observe(  # noqa: PLR0913 - what a result may carry
    c: Connection,
    study_id: str,
    number: int,
    *,
    value: float | None = None,
    values: dict[str, float] | None = None,
    stddev: float | None = None,
    duration: float | None = None,
    metadata: dict[str, Any] | None = None,
    lease_token: str | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Record the result of a trial; the same result again changes nothing.

    Without a value the last measurement is the result. A late result of an expired trial counts
    until its hard deadline.

    Raises:
        TrialUnknownError, TrialFinishedError, LeaseExpiredError, LeaseMismatchError.
        ObservationConflictError: the trial has a different result.
        NonFiniteValueError, ValueMissingError, MetricUnknownError, SearchError: bad values.
    """
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        given = result_value(study, row, value, values)
        check_value(problem_of(study.row), given)
        if row.state == "completed":
            return _replayed(row, given, stddev)
        if row.outcome == "value" or row.state not in sources_of("completed"):
            raise finished(row)
        check_token(row, lease_token)
        is_late = _check_deadline(row, now)
        outcome = {
            "kind": "value",
            "value": given,
            "values": values,
            "stddev": stddev,
            "duration": duration,
            "metadata": metadata,
        }
        seq = study.event("trial_completed", number, value=given, late=is_late, cell=row.cell)
        finish(study, row, "completed", seq, outcome, late=is_late)
        study.end_if_spent()
        return _after(
            row,
            study,
            "completed",
            value=given,
            values=values,
            stddev=stddev,
            duration=duration,
            metadata=metadata,
            observations=1,
            late=is_late,
        )


def fail(
    c: Connection,
    study_id: str,
    number: int,
    *,
    kind: str,
    reason: str,
    lease_token: str | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Record that a trial failed (the machine's fault) or cannot work (the combination's).

    A cell that failed `MAX_ATTEMPTS` times counts as infeasible.
    """
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        if row.state == kind:
            return replace(trial_view(row), replayed=True)
        if row.state not in sources_of(kind):
            raise finished(row)
        check_token(row, lease_token)
        if kind == "failed" and row.cell is not None and _is_hopeless(study, row.cell):
            kind = "infeasible"
            reason = f"failed {MAX_ATTEMPTS} times; the last reason: {reason}"
        seq = study.event(f"trial_{kind}", number, reason=reason, cell=row.cell)
        if kind == "infeasible":
            finish(study, row, kind, seq, {"kind": "infeasible"}, reason=reason)
        else:
            finish(study, row, kind, seq, None, reason=reason)
            if row.cell is not None:
                give_back(study, row.cell, row.explanation)
        study.end_if_spent()
        return _after(row, study, kind, reason=reason)


def measure(
    c: Connection,
    study_id: str,
    number: int,
    *,
    measurements: list[dict[str, Any]],
    lease_token: str | None = None,
    now: datetime,
) -> Measured:
    """Record intermediate values; the same one again changes nothing."""
    with changing(c, study_id, now) as study:
        row = trial_row(c, study_id, number)
        if row.state == "infeasible":
            return Measured(0, 0, "stop")
        if row.state not in ("active", "queued", "expired"):
            raise finished(row)
        check_token(row, lease_token)
        known = {found.step: found.value for found in observations.measured(c, row.id)}
        accepted = 0
        for given in measurements:
            step, value = int(given["step"]), finite(given["value"])
            if step not in known:
                observations.add_measurement(c, row.id, step, value, now)
                known[step] = value
                accepted += 1
            elif known[step] != value:
                raise MeasurementConflictError(
                    f"trial {number} has {known[step]!r} at step {step}, got {value!r}; send each "
                    "step once"
                )
        if accepted:
            study.event("trial_measured", number, accepted=accepted)
        return Measured(accepted, len(measurements) - accepted, directive(study, row))


# ---------------------------------------------------------------- shared by the tellers
def trial_row(c: Connection, study_id: str, number: int) -> AnyRow:
    """Return a trial's row with its outcome.

    Raises:
        TrialUnknownError: there is none, or it was deleted.
    """
    row = trials.find(c, study_id, number)
    if row is None or row.deleted_at is not None:
        raise TrialUnknownError(
            f"the study has no trial {number}; GET /api/v1/studies/{study_id}/trials lists them"
        )
    return row


def directive(study: Change, row: AnyRow) -> str:
    """Return what a worker should do with its trial: `continue` or `stop`."""
    goes_on = row.state == "active" and study.get("state") in ("active", "paused")
    return "continue" if goes_on else "stop"


def finite(value: float) -> float:
    """Return a number that a result may be.

    Raises:
        NonFiniteValueError: not a number, or infinite.
    """
    if not math.isfinite(value):
        raise NonFiniteValueError(
            "expected a finite number; report a diverged run to /failure with kind `infeasible`"
        )
    return float(value)


def result_value(
    study: Change, row: AnyRow | None, value: float | None, values: dict[str, float] | None
) -> float:
    """Return the objective's value, out of what a worker sent."""
    definition = study.row.definition
    names = {metric["name"] for metric in definition["metrics"]}
    objective = str(objective_of(definition)["name"])
    for name, number in (values or {}).items():
        if name not in names:
            raise MetricUnknownError(
                f"expected values of {', '.join(sorted(names))}, got one of {name[:60]!r}"
            )
        finite(number)
    if value is None:
        value = (values or {}).get(objective)
    if value is None and row is not None and not values:
        measured = observations.measured(study.c, row.id)
        value = measured[-1].value if measured else None
    if value is None:
        raise ValueMissingError(
            f"expected `value`, or `values` with {objective!r}, or a measurement before; got none"
        )
    return finite(value)


def finish(  # noqa: PLR0913 - a trial, its end, and what came of it
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
    if not trials.move(study.c, row.id, sources_of(state), columns):
        raise finished(row)
    study.count_trial(row.state, state)
    if outcome is not None:
        store_outcome(study, row.id, row.cell, seq, outcome)


def store_outcome(
    study: Change, trial_id: int, cell: int | None, seq: int, outcome: dict[str, Any]
) -> None:
    """Store what is known of a cell from now on, and count it."""
    if cell is not None:
        if not observations.is_closed(study.c, study.id, cell):
            study.set(cells_closed=study.get("cells_closed") + 1)
        snapshots.drop_candidate(study.c, study.id, cell)
        study.believe_anew(seq)
    nothing = dict.fromkeys(("value", "values", "stddev", "duration", "metadata"))
    observations.add(
        study.c,
        nothing
        | outcome
        | {
            "trial_id": trial_id,
            "study_id": study.id,
            "cell": cell,
            "seq": seq,
            "removed_seq": None,
            "created_at": study.now,
        },
    )
    if outcome["kind"] == "value":
        study.set(observations=study.get("observations") + 1)
    study.set(last_result_at=study.now)


def finished(row: AnyRow) -> TrialFinishedError:
    """Return the error for a trial that ended in another way."""
    return TrialFinishedError(
        f"trial {row.number} is {row.state}: it takes no further result; queue the cell again to "
        "measure it once more"
    )


def _replayed(row: AnyRow, value: float, stddev: float | None) -> TrialView:
    if row.value == value and (stddev is None or row.stddev == stddev):
        return replace(trial_view(row), replayed=True)
    raise ObservationConflictError(
        f"trial {row.number} already has the result {row.value!r}, got {value!r}; a correction is "
        "made by deleting the trial and importing the right value",
        stored=row.value,
        given=value,
    )


def _check_deadline(row: AnyRow, now: datetime) -> bool:
    if row.state != "expired":
        return False
    if row.hard_deadline_at is not None and now > row.hard_deadline_at:
        raise LeaseExpiredError(
            f"trial {row.number} was due by {row.hard_deadline_at:%Y-%m-%d %H:%M:%SZ}; import the "
            "result as a trial of its own if it should count"
        )
    return True


def _is_hopeless(study: Change, cell: int) -> bool:
    return trials.failures_of_cell(study.c, study.id, cell) + 1 >= MAX_ATTEMPTS


def _after(row: AnyRow, study: Change, state: str, **changes: Any) -> TrialView:
    return replace(
        trial_view(row),
        state=state,
        lease=None,
        completed_at=study.now,
        updated_at=study.now,
        version=row.version + 1,
        **changes,
    )
