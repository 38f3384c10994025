"""Frames for the film of a heatmap.

A frame is p_best of one snapshot as colours: a byte a cell, log10 p over six decades, row by
row from the bottom, in display order. Frames are for colour only; numbers on the screen come
from the posterior resource. Frames of snapshots that exist never change, so the browser may
keep them for ever.

Where the grid was edited, all frames are drawn over the grid of one revision: levels that an
older snapshot did not know are blank in its frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request, Response
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import read
from beliefgrid.actions.definitions import definition_of
from beliefgrid.actions.regrid import Places, places_in
from beliefgrid.dashboard.numbers import find_level
from beliefgrid.dashboard.render import packed

DECADES = 6
MOST_CELLS = 8_000_000
FIXED = "fix."

router = APIRouter()

Reduce = Literal["sum", "max", "mean", "slice"]
Pixels = NDArray[np.uint8]
Field = NDArray[np.float64]
_REDUCE: dict[str, Callable[[Field, tuple[int, ...]], Any]] = {
    "sum": lambda cube, axes: cube.sum(axis=axes),
    "max": lambda cube, axes: cube.max(axis=axes),
    "mean": lambda cube, axes: cube.mean(axis=axes),
    "slice": lambda cube, axes: cube.sum(axis=axes),  # one level is left of the others
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Which two axes are shown, and what becomes of the others."""

    x: str
    y: str | None
    reduce: Reduce
    fixed: Mapping[str, str]


@router.get("/frames")
async def frames(  # noqa: PLR0917 - the parameters of the address
    request: Request,
    study_id: str,
    x: str,
    first: Annotated[int, Query(ge=0)],
    last: Annotated[int, Query(ge=0)],
    y: str | None = None,
    reduce: Reduce = "sum",
    revision: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Return the frames of all snapshots from `first` to `last`, one after the other."""
    picture = Picture(x, y, reduce, _fixed(request.query_params))
    body, is_closed = await request.app.state.service.read(
        _frames, study_id, picture, first, last, revision
    )
    return _answer(request, body, is_closed=is_closed)


def _frames(
    c: Connection, study_id: str, picture: Picture, first: int, last: int, revision: int | None
) -> tuple[bytes, bool]:
    """Return the frames of a range and whether no further snapshot can fall into it."""
    study = read.study(c, study_id)
    stored = read.fields(c, study_id, first, last)
    if not stored:
        return b"", False
    target = min(revision or stored[-1].revision, study.revision)
    grid = search.Grid.from_definition(definition_of(c, study_id, target)["parameters"])
    if len(stored) * grid.n_cells > MOST_CELLS:
        raise HTTPException(422, f"expected at most {MOST_CELLS // grid.n_cells} snapshots")
    places = {
        older: places_in(c, study_id, older, target) for older in {row.revision for row in stored}
    }
    pixels = [frame(grid, _decoded(row, grid, places[row.revision]), picture) for row in stored]
    return b"".join(p.tobytes() for p in pixels), last <= study.snapshot_seq


def _decoded(row: Any, grid: search.Grid, places: Places | None) -> NDArray[np.float64]:
    if places is None:
        return search.decode_field(row.field, grid.n_cells)
    return places.field(search.decode_field(row.field, places.before.n_cells))


def frame(grid: search.Grid, field: NDArray[np.float64], picture: Picture) -> Pixels:
    """Return a field over all cells as one frame, shape (ny, nx)."""
    return quantise(reduce_field(grid, field, picture))


def quantise(p: NDArray[np.float64]) -> Pixels:
    """Return probabilities as bytes: 255 is 1, 0 is 10^-6 or less."""
    with np.errstate(divide="ignore"):
        scaled = np.rint(255 * (1 + np.log10(p) / DECADES))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def reduce_field(
    grid: search.Grid, field: NDArray[np.float64], picture: Picture
) -> NDArray[np.float64]:
    """Return a field as a matrix (ny, nx) in display order: the other axes summed, or fixed."""
    names = [parameter.name for parameter in grid.parameters]
    shown = [_axis(names, name) for name in (picture.y, picture.x) if name is not None]
    cube = field.reshape(grid.shape)
    for axis in reversed(range(len(names))):
        if axis not in shown and picture.reduce == "slice":
            level = _level(grid.parameters[axis], picture.fixed)
            cube = cube.take([level], axis=axis)
    others = tuple(axis for axis in range(len(names)) if axis not in shown)
    reduced = _REDUCE[picture.reduce](cube, others)
    matrix = reduced if shown == sorted(shown) else reduced.T
    ordered = matrix[np.ix_(*(grid.display_order(axis) for axis in shown))]
    return np.atleast_2d(ordered)


def _axis(names: list[str], name: str) -> int:
    if name not in names:
        raise HTTPException(422, f"expected one of {', '.join(names)}, got {name!r}")
    return names.index(name)


def _level(parameter: search.Parameter, fixed: Mapping[str, str]) -> int:
    return find_level(parameter.values, fixed.get(parameter.name)) or 0


def _fixed(query: Mapping[str, str]) -> dict[str, str]:
    return {k.removeprefix(FIXED): v for k, v in query.items() if k.startswith(FIXED)}


def _answer(request: Request, body: bytes, *, is_closed: bool) -> Response:
    kept = "private, max-age=31536000, immutable" if is_closed else "no-cache"
    headers = {"Vary": "Accept-Encoding", "Cache-Control": kept}
    return packed(request, body, "application/octet-stream", headers)
