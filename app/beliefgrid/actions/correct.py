"""A person corrects a result; what it was stays in the events."""

from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.actions.change import changing, trial_row
from beliefgrid.actions.errors import InvalidTransitionError, VersionMismatchError
from beliefgrid.actions.outcomes import remove_outcome, store_outcome
from beliefgrid.actions.tell import result_value
from beliefgrid.actions.viewing import trial_view
from beliefgrid.actions.views import TrialView
from beliefgrid.search import check_value
from beliefgrid.storage import trials
from beliefgrid.storage.rows import AnyRow


def correct(  # noqa: PLR0913 - what a result may carry
    c: Connection,
    study_id: str,
    number: int,
    *,
    value: float | None = None,
    values: dict[str, float] | None = None,
    stddev: float | None = None,
    duration: float | None = None,
    if_version: int | None = None,
    actor: str | None = None,
    now: datetime,
) -> TrialView:
    """Replace the result of a trial that has one; the posterior follows.

    Raises:
        VersionMismatchError: the trial was changed since the version that the caller saw.
        InvalidTransitionError: the trial has no result to correct.
        NonFiniteValueError, ValueMissingError, MetricUnknownError, SearchError: bad values.
    """
    with changing(c, study_id, now, actor=actor) as study:
        row = trial_row(c, study_id, number)
        check_version(row, if_version)
        if row.outcome != "value":
            raise InvalidTransitionError(
                f"trial {number} is {row.state} and has no result to correct; post an observation"
            )
        given = result_value(study, None, value, values)
        check_value(study.problem, given)
        seq = study.event(
            "trial_corrected", number, value=given, before=row.value, before_stddev=row.stddev
        )
        remove_outcome(study, row, seq)
        outcome = {"kind": "value", "value": given, "values": values, "stddev": stddev}
        kept = {"duration": row.duration if duration is None else duration}
        kept |= {"metadata": row.result_metadata}
        store_outcome(study, row, seq, outcome | kept)
        columns = {"version": row.version + 1, "updated_at": now}
        trials.move(c, row, (row.state,), columns)
        return trial_view(trial_row(c, study_id, number))


def check_version(row: AnyRow, if_version: int | None) -> None:
    """Raise VersionMismatchError if a trial was changed since the version that a caller saw."""
    if if_version is not None and if_version != row.version:
        raise VersionMismatchError(
            f"expected version {row.version} of trial {row.number}, got {if_version}; read it "
            "again and decide anew"
        )
