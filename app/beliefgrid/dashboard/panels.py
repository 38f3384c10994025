"""Beliefs side by side: small pictures on one colour scale, and the change between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.dashboard import frames, maps
from beliefgrid.dashboard.numbers import count, level, percent
from beliefgrid.dashboard.palettes import png_uri, shades_of
from beliefgrid.dashboard.render import Part

SPAN = 1000.0  # from the darkest to the brightest, at most
CHANGE = "change"
Field = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BeliefPanels(Part):
    """Some beliefs over the same two parameters, and how to read their colours."""

    template: ClassVar[str] = "parts/belief_panels.html"

    panels: Sequence[maps.Panel]
    x: str
    y: str | None
    legend: str


def side_by_side(
    grid: search.Grid,
    beliefs: Sequence[tuple[str, str, Field]],
    picture: frames.Picture,
    *,
    with_change: bool = False,
) -> BeliefPanels:
    """Return beliefs, each with its title and text, on one scale; with it, last less first."""
    matrices = [frames.reduce_field(grid, field, picture) for _, _, field in beliefs]
    top = max(float(matrix.max()) for matrix in matrices)
    bottom = max(top / SPAN, min(float(matrix.min()) for matrix in matrices))
    panels = [
        _panel(grid, title, text, matrix, picture, _unit(matrix, bottom, top), "cividis")
        for (title, text, _), matrix in zip(beliefs, matrices, strict=True)
    ]
    legend = f"From dark, {percent(bottom)} or less, to bright, {percent(top)}, in steps of ratio."
    if with_change:
        change = matrices[-1] - matrices[0]
        most = float(np.abs(change).max())
        unit = np.full(change.shape, 0.5) if most == 0 else 0.5 + change / (2 * most)
        said = f"Red rose, blue fell, by {percent(most)} at most; light stayed."
        panels.append(_panel(grid, "Change", said, change, picture, unit, CHANGE))
    return BeliefPanels(panels, picture.x, picture.y, legend)


def _panel(  # noqa: PLR0917 - what a picture is made of
    grid: search.Grid,
    title: str,
    text: str,
    matrix: Field,
    picture: frames.Picture,
    unit: Field,
    palette: str,
) -> maps.Panel:
    return maps.Panel(
        title=title,
        text=text,
        source=png_uri(shades_of(unit), palette),
        alt=f"{title}: {_peak(grid, matrix, picture)}.",
        marks=[],
    )


def _peak(grid: search.Grid, matrix: Field, picture: frames.Picture) -> str:
    """Say how large a picture is and where it is highest."""
    size = f"{count(matrix.shape[1], 'level')} of {picture.x}"
    if picture.y:
        size += f" by {count(matrix.shape[0], 'level')} of {picture.y}"
    j, i = np.unravel_index(int(matrix.argmax()), matrix.shape)
    where = f"{picture.x} {_level(grid, picture.x, int(i))}"
    where += f", {picture.y} {_level(grid, picture.y, int(j))}" if picture.y else ""
    return f"{size}; highest at {where} with {percent(float(matrix[j, i]))}"


def _level(grid: search.Grid, name: str, place: int) -> Any:
    axis = grid.axis(name)
    return level(grid.parameters[axis].values[grid.display_order(axis)[place]])


def _unit(matrix: Field, bottom: float, top: float) -> Field:
    if top <= bottom:
        return np.full(matrix.shape, 0.5)
    unit: Field = np.log(np.maximum(matrix, bottom) / bottom) / np.log(top / bottom)
    return unit
