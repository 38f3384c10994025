"""A study comes in from elsewhere: its definition, its results, its infeasible cells."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.create import create_study
from beliefgrid.actions.queue import MAX_ROWS, import_batch, queue_trial
from beliefgrid.actions.tell import fail
from beliefgrid.actions.trials_edit import patch_trial
from beliefgrid.actions.viewing import study_view
from beliefgrid.actions.views import StudyView
from beliefgrid.storage import studies

RESULT = ("assignments", "value", "values", "stddev", "duration", "metadata")


def import_study(
    c: Connection,
    *,
    name: str,
    definition: dict[str, Any],
    trials: list[dict[str, Any]],
    notes: str = "",
    tags: list[str] | None = None,
    actor: str | None = None,
    now: datetime,
) -> StudyView:
    """Create a study and store what was known of it; trials without a result are left out.

    Raises:
        SearchError, MetricsError: as for a new study and for its results.
    """
    study = create_study(
        c, definition=definition, name=name, notes=notes, tags=tags, actor=actor, now=now
    )
    with_value = [t for t in trials if t["value"] is not None or t["values"]]
    for start in range(0, len(with_value), MAX_ROWS):
        part = with_value[start : start + MAX_ROWS]
        rows = [{field: trial[field] for field in RESULT} for trial in part]
        found = import_batch(c, study.id, rows=rows, actor=actor, now=now)
        for number, trial in zip(found.numbers, part, strict=True):
            _describe(c, study.id, number, trial, actor, now)
    for trial in trials:
        if trial["state"] == "infeasible":
            queued = queue_trial(
                c, study.id, assignments=trial["assignments"], actor=actor, now=now
            )
            reason = trial["reason"] or ""
            fail(c, study.id, queued.number, kind="infeasible", reason=reason, actor=actor, now=now)
            _describe(c, study.id, queued.number, trial, actor, now)
    row = studies.find(c, study.id)
    assert row is not None  # noqa: S101 - created above
    return study_view(row)


def _describe(
    c: Connection,
    study_id: str,
    number: int,
    trial: dict[str, Any],
    actor: str | None,
    now: datetime,
) -> None:
    said = {field: trial[field] for field in ("notes", "tags") if trial[field]}
    if said:
        patch_trial(c, study_id, number, changes=said, actor=actor, now=now)
