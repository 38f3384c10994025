"""The first paint of a heatmap: a tiny picture, its labels, its marks, a table of its numbers.

Plotly draws the same over it later (`static/js/heatmap.js`), in the same place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.actions.views import PosteriorView, StudyView
from beliefgrid.dashboard import frames
from beliefgrid.dashboard.layers import LAYERS, Layer, value_text
from beliefgrid.dashboard.numbers import count, level
from beliefgrid.dashboard.palettes import png_uri, shades_of
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.scales import Scale, scale_of
from beliefgrid.dashboard.squares import Squares, excluded

MOST_MARKS = 250
MOST_TABLE_CELLS = 400
PIXELS_ACROSS = 640
MOST_ROW_LABELS = 20
GAPS_UP_TO = 20

KINDS = (
    ("tested", "tested"),
    ("pending", "pending"),
    ("failed", "failed"),
    ("infeasible", "infeasible"),
    ("excluded", "excluded"),
    ("best", "best so far"),
    ("next", "next"),
)


@dataclass(frozen=True, slots=True)
class Marks:
    """One kind of mark, and where it stands: per cent from the left and from the top."""

    kind: str
    name: str
    places: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Map(Part):
    """A heatmap."""

    template: ClassVar[str] = "parts/map.html"

    figure_id: str
    study_id: str
    layer: str
    x: str
    y: str | None
    reduce: str
    is_compact: bool
    has_slider: bool
    source: str
    alt: str
    x_labels: Sequence[str]
    y_labels: Sequence[str]
    has_gaps: bool
    title: str
    scale: Scale
    marks: Sequence[Marks]
    caption: Part | None
    kinds: ClassVar[Sequence[tuple[str, str]]] = KINDS

    @property
    def kinds_shown(self) -> set[str]:
        """The kinds of marks that stand somewhere."""
        return {one.kind for one in self.marks}


@dataclass(frozen=True, slots=True)
class MapCard(Part):
    """The place of a heatmap: the map, or why there is none yet."""

    template: ClassVar[str] = "parts/map_card.html"

    map: Map | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A small map with its title, and where a search has looked."""

    title: str
    text: str
    source: str
    alt: str
    marks: Sequence[Marks]


@dataclass(frozen=True, slots=True)
class MapTable(Part):
    """The numbers of a heatmap."""

    template: ClassVar[str] = "parts/map_table.html"

    title: str
    x: str
    y: str | None
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    n_cells: int
    href: str


def map_of(  # noqa: PLR0913 - what a map may be asked for
    study: StudyView,
    matrix: PosteriorView,
    known: Mapping[str, Any] | None,
    *,
    figure_id: str,
    is_compact: bool = False,
    has_slider: bool = False,
    colour: str | None = None,
    fixed: Mapping[str, str] | None = None,
    caption: Part | None = None,
) -> Map:
    """Return the first paint of a heatmap."""
    layer = LAYERS[matrix.layer]
    z = values_of(matrix)
    scale = scale_of(layer, z, goal=study.goal, colour=colour)
    return Map(
        figure_id=figure_id,
        study_id=study.id,
        layer=matrix.layer,
        x=matrix.x,
        y=matrix.y,
        reduce=matrix.reduce,
        is_compact=is_compact,
        has_slider=has_slider,
        source=png_uri(shades_of(scale.unit(z)), layer.palette),
        alt=describe(matrix, known),
        x_labels=_thinned(matrix.x_values, _most_across(matrix.x_values)),
        y_labels=_thinned(matrix.y_values, MOST_ROW_LABELS)[::-1] if matrix.y else [],
        has_gaps=max(z.shape) <= GAPS_UP_TO,
        title=layer.title + (f" ({study.metric})" if layer.has_unit else ""),
        scale=scale,
        marks=_marks(study, matrix, known, fixed or {}) if known else [],
        caption=caption,
    )


def table_of(matrix: PosteriorView, href: str) -> MapTable:
    """Return the numbers of a heatmap as a table; of a large one, where to get them."""
    layer = LAYERS[matrix.layer]
    n_cells = len(matrix.x_values) * max(1, len(matrix.y_values))
    names = [level(value) for value in matrix.y_values] if matrix.y else [layer.title]
    rows = [
        (name, [value_text(layer, value) for value in row])
        for name, row in zip(names, matrix.z, strict=True)
    ]
    return MapTable(
        title=layer.title,
        x=matrix.x,
        y=matrix.y,
        columns=[level(value) for value in matrix.x_values],
        rows=rows if has_table(matrix) else [],
        n_cells=n_cells,
        href=href,
    )


def has_table(matrix: PosteriorView) -> bool:
    """Say whether the numbers of a heatmap are few enough to be a table."""
    return len(matrix.x_values) * max(1, len(matrix.y_values)) <= MOST_TABLE_CELLS


def describe(matrix: PosteriorView, known: Mapping[str, Any] | None) -> str:
    """Return one sentence that says what a heatmap shows, for those who cannot see it."""
    layer = LAYERS[matrix.layer]
    rows = len(matrix.y_values) if matrix.y else 1
    text = f"Heatmap of {layer.title} over {len(matrix.x_values)} by {rows} cells"
    peak = peak_text(matrix)
    text += f"; {peak}" if peak else ""
    return f"{text}; {count(known['n_results'], 'result')}." if known else f"{text}."


def peak_text(matrix: PosteriorView) -> str:
    """Return where a matrix is highest, and how high; nothing if it holds no number."""
    z = values_of(matrix)
    if np.isnan(z).all():
        return ""
    j, i = np.unravel_index(int(np.nanargmax(z)), z.shape)
    where = f"{matrix.x} {level(matrix.x_values[i])}"
    if matrix.y:
        where += f", {matrix.y} {level(matrix.y_values[j])}"
    return f"highest at {where}: {value_text(LAYERS[matrix.layer], float(z[j, i]))}"


def values_of(matrix: PosteriorView) -> NDArray[np.float64]:
    """Return the numbers of a matrix, NaN where there is none."""
    rows = [[np.nan if value is None else value for value in row] for row in matrix.z]
    return np.atleast_2d(np.array(rows, dtype=np.float64))


def _thinned(values: Sequence[Any], most: int) -> list[str]:
    """Return the labels of an axis, some of them left out so that the others have room."""
    labels = [level(value) for value in values]
    step = -(-len(labels) // most)
    return [label if i % step == 0 else "" for i, label in enumerate(labels)]


def _most_across(values: Sequence[Any]) -> int:
    longest = max(len(level(value)) for value in values)
    return max(2, PIXELS_ACROSS // (8 * longest + 14))


def panel_of(
    study: StudyView,
    grid: search.Grid,
    layer: Layer,
    field: NDArray[np.float64],
    *,
    title: str,
    cells: Sequence[int],
    best: int,
) -> Panel:
    """Return a field over the first two axes, with the cells that a search has tested."""
    names = [parameter["name"] for parameter in study.parameters]
    x, y = names[0], names[1] if len(names) > 1 else None
    picture = frames.Picture(x, y, layer.reduce, {})
    matrix = matrix_of(grid, field, picture, layer.name)
    squares = Squares(study.parameters, picture)
    marks = [
        Marks("tested", "tested", _places(squares, np.unique(squares.of(cells)[0]).tolist())),
        Marks("best", "best", _places(squares, squares.of([best])[0].tolist())),
    ]
    has_it = best in set(cells)
    found = "has tested the best cell" if has_it else "has not tested the best cell"
    z = values_of(matrix)
    return Panel(
        title=title,
        text=f"{count(len(cells), 'cell')} tested; {found}.",
        source=png_uri(shades_of(scale_of(layer, z, goal=study.goal).unit(z)), layer.palette),
        alt=f"{title}: {count(len(cells), 'cell')} tested over {x}{f' and {y}' if y else ''}.",
        marks=[one for one in marks if one.places],
    )


def matrix_of(
    grid: search.Grid,
    field: NDArray[np.float64],
    picture: frames.Picture,
    layer: str,
    *,
    seq: int = 0,
    revision: int = 0,
) -> PosteriorView:
    """Return a field over all cells as the matrix of two axes, in display order."""
    names = [parameter.name for parameter in grid.parameters]

    def levels(name: str) -> list[Any]:
        axis = names.index(name)
        return [grid.parameters[axis].values[i] for i in grid.display_order(axis)]

    return PosteriorView(
        layer=layer,
        x=picture.x,
        y=picture.y,
        x_values=levels(picture.x),
        y_values=levels(picture.y) if picture.y else [],
        z=frames.reduce_field(grid, field, picture).tolist(),
        reduce=picture.reduce,
        seq=seq,
        revision=revision,
        unit="",
    )


# ---------------------------------------------------------------- marks
def _marks(
    study: StudyView, matrix: PosteriorView, known: Mapping[str, Any], fixed: Mapping[str, str]
) -> list[Marks]:
    picture = frames.Picture(matrix.x, matrix.y, cast("frames.Reduce", matrix.reduce), fixed)
    squares = Squares(study.parameters, picture)
    cells: dict[str, Iterable[int]] = {
        "tested": known["cells"],
        "pending": known["pending"],
        "failed": known["failed"],
        "infeasible": known["infeasible"],
        "best": [known["best"]] if known["best"] is not None else [],
        "next": [known["next"]] if known["next"] is not None else [],
    }
    shown = {kind: np.unique(squares.of(found)[0]).tolist() for kind, found in cells.items()}
    shown["excluded"] = excluded(study, picture) if known["parameters"] is None else []
    found = [Marks(kind, name, _places(squares, shown[kind])) for kind, name in KINDS]
    return [marks for marks in found if marks.places]


def _places(squares: Squares, distinct: Sequence[int]) -> list[tuple[str, str]]:
    """Return the places of some squares, none if they are too many to tell apart."""
    if len(distinct) > MOST_MARKS:
        return []
    nx, ny = squares.nx, squares.ny
    return [(_at(s % nx, nx), _at(ny - 1 - s // nx, ny)) for s in distinct]


def _at(place: int, size: int) -> str:
    return f"{100 * (place + 0.5) / size:.4g}%"
