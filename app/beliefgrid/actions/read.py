"""Queries: what others may know. Each takes a connection and changes nothing."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import numpy as np
from sqlalchemy import Connection

from beliefgrid.actions.change import study_unknown, trial_row
from beliefgrid.actions.errors import (
    CursorInvalidError,
    SnapshotUnknownError,
    StudyUnknownError,
)
from beliefgrid.actions.recall import Recall
from beliefgrid.actions.record import OFF_THE_GRID, record_at
from beliefgrid.actions.update import recipe_at
from beliefgrid.actions.viewing import event_view, snapshot_view, study_view, trial_view
from beliefgrid.actions.views import (
    BestView,
    EventView,
    Moved,
    Page,
    ProgressView,
    Recipe,
    SnapshotView,
    StoppingView,
    StudyView,
    TrialView,
    WorkerView,
)
from beliefgrid.actions.workers import is_quarantined
from beliefgrid.storage import events as event_rows
from beliefgrid.storage import observations, trial_lists
from beliefgrid.storage import snapshots as snapshot_rows
from beliefgrid.storage import studies as study_rows
from beliefgrid.storage.among import ALL, Among
from beliefgrid.storage.rows import AnyRow, CursorError

TRIAL_SORTS = trial_lists.SORTS
RUNNER_UPS = 5

Result = tuple[int, float, float, datetime | None]  # number, value, best so far, completed at


# ---------------------------------------------------------------- studies
def study(c: Connection, study_id: str) -> StudyView:
    """Return a study, with the summary of its newest snapshot."""
    row = _study_row(c, study_id)
    newest = snapshot_rows.find(c, study_id)
    return study_view(row, newest.summary if newest is not None else None)


def studies(
    c: Connection,
    *,
    state: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[StudyView]:
    """List studies that are not deleted, newest first, with their newest summaries."""
    try:
        page = study_rows.page(c, state=state, q=q, cursor=cursor, limit=limit)
    except CursorError as error:
        raise CursorInvalidError(str(error)) from error
    summaries = snapshot_rows.newest_summaries(c, [row.id for row in page.items])
    views = [study_view(row, summaries.get(row.id)) for row in page.items]
    return Page(views, page.next_cursor)


def study_id_of(c: Connection, name: str) -> str:
    """Return the id of the newest study of a name.

    Raises:
        StudyUnknownError: there is none.
    """
    found = study_rows.by_name(c, name)
    if not found:
        raise StudyUnknownError(
            f"expected the name of a study, got {name[:60]!r}; GET /api/v1/studies lists them"
        )
    return str(found[0].id)


# ---------------------------------------------------------------- trials
def trial(c: Connection, study_id: str, number: int) -> TrialView:
    """Return one trial."""
    _study_row(c, study_id)
    return trial_view(trial_row(c, study_id, number))


def trials(
    c: Connection,
    study_id: str,
    *,
    state: str | None = None,
    worker: str | None = None,
    sort: str = "number",
    among: Among = ALL,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[TrialView]:
    """List the trials of a study; sorted by value, those without one are left out."""
    _study_row(c, study_id)
    try:
        page = trial_lists.page(
            c,
            study_id,
            state=state,
            worker=worker,
            sort=sort,
            among=among,
            cursor=cursor,
            limit=limit,
        )
    except CursorError as error:
        raise CursorInvalidError(str(error)) from error
    return Page([trial_view(row) for row in page.items], page.next_cursor)


def measurements(c: Connection, study_id: str, number: int) -> list[dict[str, Any]]:
    """Return the intermediate values of a trial, by step."""
    _study_row(c, study_id)
    row = trial_row(c, study_id, number)
    return [dict(found._mapping) for found in observations.measured(c, row.id)]


def history(c: Connection, study_id: str) -> list[Result]:
    """Return the results in the order in which they came, and the best value up to each."""
    goal = study_view(_study_row(c, study_id)).goal
    rows = trial_lists.history(c, study_id)
    best = accumulate((row.value for row in rows), max if goal == "maximize" else min)
    return [
        (row.number, row.value, best_so_far, row.completed_at)
        for row, best_so_far in zip(rows, best, strict=True)
    ]


def workers(c: Connection, study_id: str) -> list[WorkerView]:
    """Return the workers of a study, from the trials that carry their names."""
    failing = _study_row(c, study_id).failing
    found: dict[str, WorkerView] = {}
    for row in trial_lists.workers(c, study_id):
        seen = found.get(row.worker) or WorkerView(
            row.worker, 0, 0, 0, None, is_quarantined=is_quarantined(failing, row.worker)
        )
        found[row.worker] = seen.with_trials(row.state, row.trials, row.last_seen_at)
    return list(found.values())


def export_rows(c: Connection, study_id: str) -> Iterator[TrialView]:
    """Yield every trial of a study that is not deleted, by number."""
    _study_row(c, study_id)
    for row in trial_lists.every(c, study_id):
        yield trial_view(row)


# ---------------------------------------------------------------- snapshots
def snapshots(
    c: Connection, study_id: str, *, after: int = 0, limit: int = 100
) -> list[SnapshotView]:
    """Return the snapshots after an event, in order."""
    _study_row(c, study_id)
    return [
        snapshot_view(row) for row in snapshot_rows.listed(c, study_id, after=after, limit=limit)
    ]


def progress(
    c: Connection, study_id: str, *, after: int = 0, limit: int = 1000
) -> list[ProgressView]:
    """Return the numbers of the snapshots after an event, in order."""
    _study_row(c, study_id)
    rows = snapshot_rows.progress(c, study_id, after=after, limit=limit)
    return [_progress_view(row._asdict()) for row in rows]


def _progress_view(row: dict[str, Any]) -> ProgressView:
    whole = ("leader_cell", "next_cell", "cells_in_95", "infeasible")
    return ProgressView(**row | {name: _whole(row[name]) for name in whole})


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def snapshot(c: Connection, study_id: str, at: int | None = None) -> SnapshotView:
    """Return the newest snapshot that is not after an event.

    Raises:
        SnapshotUnknownError: the study had none at that moment.
    """
    _study_row(c, study_id)
    return snapshot_view(_snapshot_row(c, study_id, at))


def recipe(c: Connection, study_id: str, seq: int) -> Recipe:
    """Return what the engine needs to compute the newest snapshot that is not after seq."""
    return recipe_near(c, study_id, seq)[0]


def recipe_near(c: Connection, study_id: str, at: int | None = None) -> tuple[Recipe, int]:
    """Return the recipe of the newest snapshot not after an event, and its revision."""
    row = _study_row(c, study_id)
    found = _snapshot_row(c, study_id, at)
    made_of = _RECIPES.get(
        (study_id, found.seq, found.created_at, row.revision), lambda: _recipe(c, row, found)
    )
    return made_of, found.revision


def _recipe(c: Connection, row: AnyRow, snapshot: AnyRow) -> Recipe:
    pending, revision, theta = snapshot.pending, snapshot.revision, snapshot.theta
    if revision != row.revision:
        return recipe_at(c, row, snapshot.seq, pending=pending, revision=revision, theta=theta)
    record = record_at(c, row.id, snapshot.seq, newest=row.revision)
    is_here, is_result = record.cells != OFF_THE_GRID, ~np.isnan(record.values)
    results = is_here & is_result
    return Recipe(
        study_id=row.id,
        seq=snapshot.seq,
        definition=row.definition,
        cells=record.cells[results].tolist(),
        values=record.values[results].tolist(),
        stddevs=[None if math.isnan(sd) else sd for sd in record.stddevs[results].tolist()],
        infeasible=record.cells[is_here & ~is_result].tolist(),
        pending=pending,
        theta=theta,
    )


_RECIPES: Recall[Recipe] = Recall(8)  # each holds all results of its moment


def fields(c: Connection, study_id: str, first: int, last: int) -> list[AnyRow]:
    """Return (seq, revision, field) of the snapshots in a closed range, in order."""
    _study_row(c, study_id)
    return snapshot_rows.fields(c, study_id, first, last)


def best(c: Connection, study_id: str) -> BestView:
    """Return the best cell by posterior mean, and those that are best next."""
    _study_row(c, study_id)
    newest = snapshot_rows.find(c, study_id)
    leader = newest.summary["leader"] if newest is not None else None
    if newest is None or leader is None:
        return BestView(None, None, None, None, None, 0, newest.seq if newest is not None else 0)
    others = [belief for belief in newest.top if belief["cell"] != leader["cell"]]
    return BestView(
        **leader,
        seq=newest.seq,
        interval=newest.summary.get("leader_interval"),
        best_value=newest.summary.get("best_value"),
        runner_ups=others[:RUNNER_UPS],
    )


def stopping(c: Connection, study_id: str) -> StoppingView:
    """Return whether it is known well enough which cell is best."""
    row = _study_row(c, study_id)
    newest = snapshot_rows.find(c, study_id)
    said = newest.summary if newest is not None else {}
    leader = said.get("leader") or {}
    return StoppingView(
        should_stop=bool(said.get("should_stop", False)),
        reasons=list(said.get("reasons", [])),
        p_best=leader.get("p_best"),
        expected_regret=said.get("expected_regret"),
        probability_within=said.get("probability_within"),
        epsilon=said.get("regret_epsilon"),
        state=row.state,
        state_reason=row.state_reason,
        seq=newest.seq if newest is not None else 0,
        trials_to_finish=said.get("trials_to_finish"),
        repeat=said.get("repeat"),
    )


def events(c: Connection, study_id: str, *, after: int = 0, limit: int = 100) -> list[EventView]:
    """Return the events after one, in order."""
    _study_row(c, study_id)
    return [event_view(row) for row in event_rows.after(c, study_id, after, limit)]


def moved(
    c: Connection, since: datetime, *, limit: int, only: Sequence[str] | None = None
) -> list[Moved]:
    """Return the studies that anything happened to after a moment, deleted ones too, in order.

    Of all studies, or of some.
    """
    return [
        Moved(
            study=row.id,
            seq=row.seq,
            snapshot_seq=row.snapshot_seq,
            state="deleted" if row.deleted_at else row.state,
            updated_at=row.updated_at,
        )
        for row in study_rows.moved(c, since, limit, only)
    ]


# ---------------------------------------------------------------- rows that must be there
def _study_row(c: Connection, study_id: str) -> AnyRow:
    row = study_rows.find(c, study_id)
    if row is None or row.deleted_at is not None:
        raise study_unknown(study_id)
    return row


def _snapshot_row(c: Connection, study_id: str, at: int | None) -> AnyRow:
    row = snapshot_rows.find(c, study_id, at)
    if row is None:
        moment = "yet" if at is None else f"at or before {at}"
        raise SnapshotUnknownError(f"the study has no snapshot {moment}")
    return row
