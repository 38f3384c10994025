"""A worker tells what came of a trial: a value, a failure, or measurements on the way."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import workers
from beliefgrid.actions.change import Change, changing, trial_row
from beliefgrid.actions.errors import (
    LeaseExpiredError,
    MeasurementConflictError,
    MetricUnknownError,
    NonFiniteValueError,
    ObservationConflictError,
    ValueMissingError,
)
from beliefgrid.actions.leases import check_token
from beliefgrid.actions.outcomes import attempts_left, finish, finished, give_back, remove_outcome
from beliefgrid.actions.states import sources_of
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import Measured, TrialView, objective_of
from beliefgrid.search import check_value
from beliefgrid.storage import observations
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
        check_value(study.problem, given)
        if row.state == "completed":
            return _replayed(row, given, stddev)
        was_given_up = is_given_up(row)
        if row.state not in sources_of("completed") and not was_given_up:
            raise finished(row)
        check_token(row, lease_token)
        is_late = _check_deadline(row, now)
        outcome = {"value": given, "values": values, "stddev": stddev}
        outcome |= {"duration": duration, "metadata": metadata}
        seq = study.event("trial_completed", number, value=given, late=is_late, cell=row.cell)
        if was_given_up:
            remove_outcome(study, row, seq)
        stored = outcome | {"kind": "value"}
        finish(study, row, "completed", seq, stored, late=is_late)
        workers.note_success(study, row.worker)
        return _after(row, study, "completed", observations=1, late=is_late, **outcome)


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

    A cell that failed more often than the study retries counts as infeasible.
    """
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        if row.state == kind or (row.state == "infeasible" and row.reason == _hopeless(reason)):
            return replace(trial_view(row), replayed=True)
        if row.state not in sources_of(kind):
            raise finished(row)
        check_token(row, lease_token)
        if kind == "failed":
            workers.note_failure(study, row.worker)
            # A trial that expired was counted as a failed attempt then.
            spent = 0 if row.state == "expired" else 1
            if row.cell is not None and attempts_left(study, row.cell, spent=spent) <= 0:
                kind, reason = "infeasible", _hopeless(reason)
        seq = study.event(f"trial_{kind}", number, reason=reason, cell=row.cell)
        outcome = {"kind": "infeasible"} if kind == "infeasible" else None
        finish(study, row, kind, seq, outcome, reason=reason)
        if kind == "failed" and row.cell is not None:
            give_back(study, row.cell, row.explanation)
        return _after(row, study, kind, reason=reason)


def _hopeless(reason: str) -> str:
    return f"failed as often as the study retries; the last reason: {reason}"


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
        new = _new_measurements(row, observations.measured(c, row.id), measurements)
        if new:
            observations.add_measurements(c, row.id, new, now)
            study.event("trial_measured", number, accepted=len(new))
        return Measured(len(new), len(measurements) - len(new), directive(study, row))


def _new_measurements(
    row: AnyRow, stored: list[AnyRow], measurements: list[dict[str, Any]]
) -> dict[int, float]:
    old = {found.step: found.value for found in stored}
    known = dict(old)
    new: dict[int, float] = {}
    for given in measurements:
        step, value = int(given["step"]), finite(given["value"])
        before = known.setdefault(step, value)
        if before != value:
            raise MeasurementConflictError(
                f"trial {row.number} has {before!r} at step {step}, got {value!r}; send each "
                "step once"
            )
        new[step] = value
    return {step: value for step, value in new.items() if step not in old}


# ---------------------------------------------------------------- shared by the tellers
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
    definition = study.definition
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


def _replayed(row: AnyRow, value: float, stddev: float | None) -> TrialView:
    if row.value == value and (stddev is None or row.stddev == stddev):
        return replace(trial_view(row), replayed=True)
    raise ObservationConflictError(
        f"trial {row.number} already has the result {row.value!r}, got {value!r}; correct it "
        "with PUT, or queue the cell again to measure it once more",
        stored=row.value,
        given=value,
    )


def is_given_up(row: AnyRow) -> bool:
    """Say whether a trial is infeasible only because its workers vanished, told by nobody."""
    return bool(row.state == "infeasible" and row.completed_at is None)


def _check_deadline(row: AnyRow, now: datetime) -> bool:
    if row.state != "expired" and not is_given_up(row):
        return False
    if row.hard_deadline_at is not None and now > row.hard_deadline_at:
        raise LeaseExpiredError(
            f"trial {row.number} was due by {row.hard_deadline_at:%Y-%m-%d %H:%M:%SZ}; import the "
            "result as a trial of its own if it should count"
        )
    return True


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
