"""The film of a belief to take away: one HTML file that opens offline, and an animated GIF."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import read
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import ProgressView, StudyView
from beliefgrid.dashboard import charts, frames, gif
from beliefgrid.dashboard.layers import LAYERS
from beliefgrid.dashboard.numbers import cell_text, count, level, percent
from beliefgrid.dashboard.palettes import ramp, shades_of
from beliefgrid.dashboard.render import environment
from beliefgrid.dashboard.scales import scale_of_all

MOST_FRAMES = 60
DELAY_CS, LAST_CS = 25, 200
PALETTE = "cividis"


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of a belief over two parameters, one after the other, on one scale."""

    study: StudyView
    grid: search.Grid
    picture: frames.Picture
    moments: Sequence[ProgressView]
    shades: Sequence[NDArray[np.uint8]]
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class FilmFile:
    """What the file of a film holds, for its template."""

    title: str
    note: str
    x: str
    y: str
    json: str


def film_of(c: Connection, study_id: str, picture: frames.Picture) -> Film | None:
    """Return a film of an even sample of the snapshots; None before the first one."""
    study = read.study(c, study_id)
    grid = search.Grid.from_definition(study.parameters)
    moments, pictures = [], []
    for moment in _sample(charts.progress(c, study_id)):
        rows = read.fields(c, study_id, moment.seq, moment.seq)
        if rows and rows[0].field and is_same_grid(c, study_id, moment.revision, study.revision):
            field = search.decode_field(rows[0].field, grid.n_cells)
            moments.append(moment)
            pictures.append(frames.reduce_field(grid, field, picture))
    if not pictures:
        return None
    scale = scale_of_all(LAYERS["p_best"], pictures)
    shades = [shades_of(scale.unit(one)) for one in pictures]
    return Film(study, grid, picture, moments, shades, scale.low, scale.high)


def as_gif(film: Film) -> bytes:
    """Return the film as an animated GIF; it rests on the newest moment."""
    delays = [DELAY_CS] * (len(film.shades) - 1) + [LAST_CS]
    return gif.film(film.shades, PALETTE, delays_cs=delays)


def as_html(film: Film) -> str:
    """Return the film as one HTML file that needs nothing else."""
    study, picture = film.study, film.picture
    ny, nx = film.shades[0].shape
    content = {
        "nx": nx,
        "ny": ny,
        "x": picture.x,
        "y": picture.y,
        "columns": _labels(film.grid, picture.x),
        "rows": _labels(film.grid, picture.y) if picture.y else [],
        "says": [_says(film, moment) for moment in film.moments],
        "frames": b64encode(b"".join(one.tobytes() for one in film.shades)).decode(),
        "colours": ramp(PALETTE).hex(),
        "bottom": film.bottom,
        "top": film.top,
        "best": [_place(film, moment.leader_cell) for moment in film.moments],
    }
    file = FilmFile(
        title=f"{study.name}: how the belief moved",
        note=f"{count(len(film.shades), 'moment')}; from dark, {percent(film.bottom)} or less, to "
        f"bright, {percent(film.top)}, in steps of ratio.",
        x=picture.x,
        y=picture.y or "",
        # Within a script element nothing may look like its end.
        json=json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"),
    )
    return environment().get_template("film.html").render(film=file)


def _sample(moments: Sequence[ProgressView]) -> list[ProgressView]:
    """Return an even sample with the first and the newest."""
    if len(moments) <= MOST_FRAMES:
        return list(moments)
    at = np.unique(np.linspace(0, len(moments) - 1, MOST_FRAMES).round().astype(int))
    return [moments[i] for i in at]


def _labels(grid: search.Grid, name: str) -> list[str]:
    axis = grid.axis(name)
    return [level(grid.parameters[axis].values[i]) for i in grid.display_order(axis)]


def _says(film: Film, moment: ProgressView) -> str:
    start = f"After {count(moment.n_observations, 'result')}"
    if moment.leader_cell is None:
        return f"{start}."
    where = cell_text(dict(film.grid.assignments(moment.leader_cell)))
    return f"{start}: best so far {where}, with {percent(moment.leader_p_best)}."


def _place(film: Film, cell: int | None) -> list[int] | None:
    """Return the column and row of a cell, the first row at the bottom."""
    if cell is None:
        return None
    levels = film.grid.levels(cell)

    def place(name: str | None) -> Any:
        if name is None:
            return 0
        axis = film.grid.axis(name)
        return int(np.flatnonzero(film.grid.display_order(axis) == levels[axis])[0])

    return [place(film.picture.x), place(film.picture.y)]
