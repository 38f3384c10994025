"""Beliefs side by side: small pictures on one colour scale, and the change between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.dashboard import frames, maps
from beliefgrid.dashboard.layers import LAYERS, Layer, value_text
from beliefgrid.dashboard.numbers import count, level
from beliefgrid.dashboard.palettes import png_uri, shades_of
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.scales import Scale, scale_of_all

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
    fields: Sequence[tuple[str, str, Field]],
    picture: frames.Picture,
    *,
    layer: Layer = LAYERS["p_best"],
    with_change: bool = False,
) -> BeliefPanels:
    """Return fields, each with its title and text, on one scale; with it, last less first."""
    matrices = [frames.reduce_field(grid, field, picture) for _, _, field in fields]
    scale = scale_of_all(layer, matrices)
    panels = [
        maps.Panel(
            title=title,
            text=text,
            source=png_uri(shades_of(scale.unit(matrix)), layer.palette),
            alt=f"{title}: {_peak(grid, matrix, picture, layer)}.",
            marks=[],
        )
        for (title, text, _), matrix in zip(fields, matrices, strict=True)
    ]
    if with_change:
        panels.append(_change(grid, matrices[-1] - matrices[0], picture, layer))
    return BeliefPanels(panels, picture.x, picture.y, _legend(scale))


def _legend(scale: Scale) -> str:
    low, _, high = scale.ticks
    if scale.is_log:
        return f"From dark, {low.removeprefix('≤ ')} or less, to bright, {high}, in steps of ratio."
    return f"From dark, {low}, to bright, {high}."


def _change(grid: search.Grid, change: Field, picture: frames.Picture, layer: Layer) -> maps.Panel:
    most = float(np.abs(change).max())
    unit = np.full(change.shape, 0.5) if most == 0 else 0.5 + change / (2 * most)
    said = f"Red rose, blue fell, by {value_text(layer, most)} at most; light stayed."
    return maps.Panel(
        title="Change",
        text=said,
        source=png_uri(shades_of(unit), CHANGE),
        alt=f"Change: {_peak(grid, change, picture, layer)}.",
        marks=[],
    )


def _peak(grid: search.Grid, matrix: Field, picture: frames.Picture, layer: Layer) -> str:
    """Say how large a picture is and where it is highest."""
    size = f"{count(matrix.shape[1], 'level')} of {picture.x}"
    if picture.y:
        size += f" by {count(matrix.shape[0], 'level')} of {picture.y}"
    j, i = np.unravel_index(int(matrix.argmax()), matrix.shape)
    where = f"{picture.x} {_level(grid, picture.x, int(i))}"
    where += f", {picture.y} {_level(grid, picture.y, int(j))}" if picture.y else ""
    return f"{size}; highest at {where} with {value_text(layer, float(matrix[j, i]))}"


def _level(grid: search.Grid, name: str, place: int) -> Any:
    axis = grid.axis(name)
    return level(grid.parameters[axis].values[grid.display_order(axis)[place]])
