"""The newest picture of a layer as colours, for a map that follows: a byte a square.

Bytes are for colour only, as those of frames; numbers on the screen come from the posterior feed,
which a page asks for once somebody looks. Of a layer of shares a byte is log10 p over six
decades; of another one 1 is its least value and 255 its largest, and 0 is where there is none.
"""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import crowds, read
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import PosteriorView, SnapshotView, StudyView
from beliefgrid.dashboard import frames, maps
from beliefgrid.dashboard.charts import kept
from beliefgrid.dashboard.layers import LAYERS
from beliefgrid.dashboard.ratios import layer_of
from beliefgrid.dashboard.view import View, values_of, view_of

STORED = "p_best"  # the layer that a snapshot has by itself
SHADES = 254

router = APIRouter(prefix="/studies/{study_id}/charts", include_in_schema=False)


@router.get("/shades")
async def shades(request: Request, study_id: str) -> Response:
    """Return a line of JSON, all but the numbers of the posterior feed, and a byte a square."""
    service = request.app.state.service
    query = request.query_params
    study, snapshot, n_results, stored = await service.read(_read, study_id, query)
    view = view_of(query, study.parameters)
    matrix = stored or await layer_of(
        service,
        study_id,
        layer=view.layer,
        x=view.x,
        y=view.y,
        reduce=view.reduce,
        at=snapshot.seq,
        fixed=values_of(view.fixed, study.parameters) if view.reduce == "slice" else {},
    )
    z = maps.values_of(matrix)
    low, high = _range(z)
    text = maps.describe(matrix, {"n_results": n_results})
    head = asdict(replace(matrix, z=[])) | {"low": low, "high": high, "said": text}
    is_share = LAYERS[view.layer].is_probability
    pixels = frames.quantise(z) if is_share else _evenly(z, low, high)
    body = json.dumps(head, separators=(",", ":")).encode() + b"\n" + pixels.tobytes()
    return kept(request, body, "application/octet-stream")


def _read(
    c: Connection, study_id: str, query: Any
) -> tuple[StudyView, SnapshotView, int, PosteriorView | None]:
    study = read.study(c, study_id)
    snapshot = read.snapshot(c, study_id)
    view = view_of(query, study.parameters)
    known = crowds.known_in(
        c, study_id, snapshot.seq, revision=snapshot.revision, newest=study.revision
    )
    n_results = int(known.tested.counts.sum())
    return study, snapshot, n_results, stored_matrix(c, study, snapshot, view)


def stored_matrix(
    c: Connection, study: StudyView, snapshot: SnapshotView, view: View
) -> PosteriorView | None:
    """Return P(best) over two axes as the snapshot stores it: good for colours.

    What it ranks first is exact, so that the peak is right to the last digit where it is one cell.
    """
    if view.layer != STORED or not is_same_grid(c, study.id, snapshot.revision, study.revision):
        return None
    stored = read.fields(c, study.id, snapshot.seq, snapshot.seq)
    if not stored or stored[0].field is None:
        return None
    grid = search.Grid.from_definition(study.parameters)
    if not grid.is_written_out:
        return None
    field = search.decode_field(stored[0].field, grid.n_cells)
    for ranked in snapshot.top:
        field[ranked["cell"]] = ranked["p_best"]
    picture = frames.Picture(view.x, view.y, view.reduce, view.fixed)
    at = {"seq": snapshot.seq, "revision": snapshot.revision}
    return replace(maps.matrix_of(grid, field, picture, STORED, **at), unit=LAYERS[STORED].unit)


def _range(z: NDArray[np.float64]) -> tuple[float, float]:
    if np.isnan(z).all():
        return 0.0, 0.0
    return float(np.nanmin(z)), float(np.nanmax(z))


def _evenly(z: NDArray[np.float64], low: float, high: float) -> frames.Pixels:
    """Return values as bytes from 1, the lowest, to 255; 0 where there is none."""
    share = (z - low) / (high - low) if high > low else np.where(np.isnan(z), z, 0.0)
    return np.where(np.isnan(z), 0, 1 + np.rint(SHADES * np.nan_to_num(share))).astype(np.uint8)
