"""What the charts of a page ask for beside the REST API: small, and shaped for drawing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.encoders import jsonable_encoder
from numpy.typing import NDArray
from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from beliefgrid import search
from beliefgrid.actions import crowds, read
from beliefgrid.actions.errors import SnapshotUnknownError
from beliefgrid.actions.record import by_cell
from beliefgrid.actions.regrid import Places, places_in
from beliefgrid.actions.views import ProgressView, SnapshotView, StudyView, TrialView
from beliefgrid.dashboard import frames
from beliefgrid.dashboard.changes import sent_to
from beliefgrid.dashboard.ratios import layer_of
from beliefgrid.dashboard.render import packed
from beliefgrid.dashboard.squares import Squares, excluded
from beliefgrid.dashboard.view import FIXED, values_of, view_of

MOST_MOMENTS = 1000
MOST_FAILED = 1000
MOST_POINTS = 500
MOST_MARKED = 1001  # one more than marks.js draws
MOST_VALUES = 4
MOST_OF_A_CELL = 3

router = APIRouter(prefix="/studies/{study_id}/charts", include_in_schema=False)
router.include_router(frames.router)


@router.get("/moments")
async def moments(request: Request, study_id: str, after: int = 0) -> Response:
    """List the snapshots after a seq, with what the time slider says of each."""
    service = request.app.state.service
    items = await service.read(_moments, study_id, after)
    return feed(request, {"items": items, "has_more": len(items) == MOST_MOMENTS})


@router.get("/marks")
async def marks(request: Request, study_id: str, at: int | None = None) -> Response:
    """Tell which squares of a picture a snapshot knew as tested or infeasible, and other cells.

    Squares are in the order of their first outcomes: `first` says which of all results that was.
    Beyond a thousand, which are too many to mark, they are only counted: `n`.
    """
    service = request.app.state.service
    return feed(request, await service.read(_marks, study_id, request.query_params, at))


@router.get("/results")
async def results(request: Request, study_id: str, at: int | None = None) -> Response:
    """Tell how many results each square of a picture has: these, or their mean if they are many."""
    service = request.app.state.service
    return feed(request, await service.read(_results, study_id, request.query_params, at))


@router.get("/posterior")
async def posterior(request: Request, study_id: str) -> Response:
    """Return what the posterior resource of the REST API does, small on the wire and tagged."""
    service, query = request.app.state.service, request.query_params
    study = await service.read(read.study, study_id)
    view = view_of(query, study.parameters)
    found = await layer_of(
        service,
        study_id,
        layer=view.layer,
        x=view.x,
        y=view.y,
        reduce=view.reduce,
        at=view.at,
        fixed=values_of(view.fixed, study.parameters) if view.reduce == "slice" else {},
    )
    return feed(request, asdict(found))


@router.get("/cell")
async def cell(request: Request, study_id: str) -> Response:
    """Return the newest trials of a combination, and whether it is searched."""
    return feed(
        request, await request.app.state.service.read(_cell_at, study_id, request.query_params)
    )


@router.get("/definition")
async def definition(request: Request, study_id: str) -> Response:
    """Return what charts need to know of a study: its grid and what is searched."""
    study = await request.app.state.service.read(read.study, study_id)
    content = {
        "id": study.id,
        "name": study.name,
        "revision": study.revision,
        "parameters": study.parameters,
        "metric": study.metric,
        "goal": study.goal,
    }
    return feed(request, content)


def feed(request: Request, content: dict[str, Any]) -> Response:
    """Return JSON for a chart, small on the wire."""
    body = json.dumps(content, separators=(",", ":"), default=_jsonable).encode()
    return kept(request, body, "application/json")


def kept(request: Request, body: bytes, media_type: str) -> Response:
    """Return the feed of a chart, and keep it: the next one is told by how it differs."""
    headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Encoding"}
    answer = packed(request, body, media_type, headers)
    sent_to(request).keep(answer.headers["ETag"].strip('"'), body)
    return answer


def _jsonable(value: Any) -> Any:
    """Return what JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else jsonable_encoder(value)


def _cell_at(c: Connection, study_id: str, query: QueryParams) -> dict[str, Any]:
    study = read.study(c, study_id)
    given = {name.removeprefix(FIXED): text for name, text in query.items() if FIXED in name}
    levels = values_of(given, study.parameters)
    among = crowds.Chosen(levels=tuple(levels.items())).among
    found = read.trials(c, study_id, sort="-number", among=among, limit=MOST_OF_A_CELL).items
    problem = search.Problem.from_definition(study.definition)
    number = problem.grid.cell(levels) if len(levels) == len(study.parameters) else None
    return {
        "is_searched": number is not None and problem.is_allowed(number),
        "trials": [
            {"number": one.number, "state": one.state, "value": one.value, "notes": one.notes}
            for one in found
        ],
    }


def _moments(c: Connection, study_id: str, after: int) -> list[dict[str, Any]]:
    """Return moments with all cells in the numbers of the newest grid."""
    found = read.progress(c, study_id, after=after, limit=MOST_MOMENTS)
    revision = read.study(c, study_id).revision
    places = {
        older: places_in(c, study_id, older, revision)
        for older in {moment.revision for moment in found}
    }
    return [_moment(moment, places[moment.revision]) for moment in found]


def _moment(moment: ProgressView, place: Places | None) -> dict[str, Any]:
    def here(cell: int | None) -> int | None:
        return cell if place is None or cell is None else place(cell)

    return {
        "seq": moment.seq,
        "revision": moment.revision,
        "n_observations": moment.n_observations,
        "infeasible": moment.infeasible or 0,
        "pending": [cell for one in moment.pending if (cell := here(one)) is not None],
        "best": here(moment.leader_cell),
        "next": here(moment.next_cell),
        "bits": moment.entropy_bits,
        "created_at": moment.created_at,
    }


def progress(c: Connection, study_id: str) -> list[ProgressView]:
    """Return the numbers of a study's snapshots, in order; of many, an even sample."""
    found: list[ProgressView] = []
    after = 0
    while True:
        block = read.progress(c, study_id, after=after, limit=MOST_MOMENTS)
        found += block
        if len(block) < MOST_MOMENTS:
            break
        after = block[-1].seq
    step = max(1, -(-len(found) // MOST_POINTS))
    return [moment for i, moment in enumerate(found) if (len(found) - 1 - i) % step == 0]


def newest(c: Connection, study_id: str, at: int | None = None) -> SnapshotView | None:
    """Return the newest snapshot that is not after a seq, or the first; None without any."""
    try:
        return read.snapshot(c, study_id, at)
    except SnapshotUnknownError:
        first = read.snapshots(c, study_id, limit=1) if at is not None else []
        return first[0] if first else None


def field_at(c: Connection, study: StudyView, seq: int) -> NDArray[np.float64] | None:
    """Return P(best) of every cell as a snapshot stores it; None where there are too many."""
    grid = search.Grid.from_definition(study.parameters)
    stored = read.fields(c, study.id, seq, seq) if grid.is_written_out else []
    if not stored or not stored[0].field:
        return None
    return search.decode_field(stored[0].field, grid.n_cells)


def neighbours(c: Connection, study: StudyView, seq: int) -> list[int]:
    """Return the seqs of the first snapshot, those beside one, and the newest, ascending."""
    before = newest(c, study.id, seq - 1)  # the first one has itself there
    near = [*read.snapshots(c, study.id, after=0, limit=1),
            *read.snapshots(c, study.id, after=seq, limit=1)]  # fmt: skip
    found = {snapshot.seq for snapshot in near} | {seq, study.snapshot_seq}
    return sorted(found | {before.seq} if before else found)


def _marks(c: Connection, study_id: str, query: QueryParams, at: int | None) -> dict[str, Any]:
    study, found = read.study(c, study_id), {}
    knew = known(c, study, read.snapshot(c, study_id, at))
    squares = _squares(study, query, knew)
    for kind, cells, order in (
        ("tested", knew["tested"].cells, knew["tested"].first),
        ("infeasible", knew["infeasible"], np.arange(len(knew["infeasible"]))),
    ):
        found[kind] = _first_squares(squares, cells, order)
    there = excluded(study, squares.picture) if knew["parameters"] is None else []
    found["excluded"] = {"n": len(there), "squares": there[:MOST_MARKED]}
    same = ("seq", "n_results", "failed", "pending", "best", "next", "parameters")
    return {name: knew[name] for name in same} | found


def _squares(study: StudyView, query: QueryParams, knew: Mapping[str, Any]) -> Squares:
    parameters = knew["parameters"] or study.parameters
    view = view_of(query, parameters)
    return Squares(parameters, frames.Picture(view.x, view.y, view.reduce, view.fixed))


def _first_squares(squares: Squares, cells: Sequence[int], order: Any) -> dict[str, Any]:
    """Return the squares of cells that are in the order of their first outcomes."""
    at, kept = squares.of(cells)
    distinct, index = np.unique(at, return_index=True)
    by_age = np.argsort(index)[:MOST_MARKED]
    first = order[kept[index[by_age]]]
    return {"n": distinct.size, "squares": distinct[by_age].tolist(), "first": first.tolist()}


def _results(c: Connection, study_id: str, query: QueryParams, at: int | None) -> dict[str, Any]:
    study = read.study(c, study_id)
    knew = known(c, study, read.snapshot(c, study_id, at))
    tested = knew["tested"]
    squares, kept = _squares(study, query, knew).of(tested.cells)
    of_square = np.repeat(squares, tested.counts[kept])
    values = tested.values[np.isin(np.repeat(np.arange(len(tested.cells)), tested.counts), kept)]
    there = by_cell(of_square, values)
    return {
        "squares": there.cells.tolist(),
        "counts": there.counts.tolist(),
        "values": [
            [_short(value) for value in there.results(i)] if there.counts[i] <= MOST_VALUES
            else [_short(there.means[i])]
            for i in range(len(there.cells))
        ],
    }  # fmt: skip


def known(c: Connection, study: StudyView, snapshot: SnapshotView) -> dict[str, Any]:
    """Return what a snapshot knew of cells: its marks on a heatmap.

    Cells are those of the snapshot's own grid; `parameters` says which that is, if the grid was
    edited since.
    """
    found = crowds.known_in(
        c, study.id, snapshot.seq, revision=snapshot.revision, newest=study.revision
    )
    cells, infeasible = found.tested.cells.tolist(), found.infeasible.tolist()
    has_failed = study.counts.get("failed", 0) > 0
    failed = read.trials(c, study.id, state="failed", limit=MOST_FAILED).items if has_failed else []
    places = places_in(c, study.id, study.revision, snapshot.revision)
    return {
        "seq": snapshot.seq,
        "n_results": int(found.tested.counts.sum()),
        "tested": found.tested,
        "cells": cells,
        "infeasible": infeasible,
        "failed": _failed(failed, snapshot, places, tested={*cells, *infeasible}),
        "pending": snapshot.pending,
        "best": _cell(snapshot.summary.get("leader")),
        "next": _cell(snapshot.summary.get("next")),
        "parameters": places.after.to_definition() if places is not None else None,
    }


def _failed(
    trials: Sequence[TrialView],
    snapshot: SnapshotView,
    places: Places | None,
    *,
    tested: set[int],
) -> list[int]:
    """Return the cells that failed before a snapshot and have no result in it."""
    known = {trial.cell for trial in trials if trial.updated_at <= snapshot.created_at}
    if places is not None:
        known = {places(cell) for cell in known if cell is not None}
    return sorted(cell for cell in known if cell is not None and cell not in tested)


def _short(value: float) -> float:
    """Return a value as it is shown, and a little more: it is read off a map, not computed with."""
    return float(f"{value:.6g}")


def _cell(found: Mapping[str, Any] | None) -> int | None:
    return None if found is None else int(found["cell"])
