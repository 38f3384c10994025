"""The belief about single axes, and the small maps of every pair of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from beliefgrid import search
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.links import Links
from beliefgrid.dashboard.numbers import level
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.view import View

MOST_BARS = 14
FEW_BARS = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """P(best) of each level of one parameter, in display order."""

    name: str
    bars: Sequence[tuple[str, float]]
    best: str
    n_levels: int
    outline: str
    ends: tuple[str, str]


@dataclass(frozen=True, slots=True)
class AxisMarginals(Part):
    """P(best) of every level of every parameter."""

    template: ClassVar[str] = "parts/axis_marginals.html"

    axes: Sequence[Axis]


@dataclass(frozen=True, slots=True)
class Pair:
    """A link to a picture of two axes."""

    text: str
    href: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PairMaps(Part):
    """Small maps of every pair of axes; without a script, links to them."""

    template: ClassVar[str] = "parts/pairs.html"

    study_id: str
    pairs: Sequence[Pair]


def marginals_of(study: StudyView, summary: Mapping[str, Any] | None) -> AxisMarginals:
    """Return the belief about each axis of the newest grid."""
    stored = (summary or {}).get("axis_marginals") or []
    if [len(marginal) for marginal in stored] != [len(p["values"]) for p in study.parameters]:
        return AxisMarginals([])
    grid = search.Grid.from_definition(study.parameters)
    return AxisMarginals(
        [_axis(grid, axis, np.asarray(marginal)) for axis, marginal in enumerate(stored)]
    )


def _axis(grid: search.Grid, axis: int, marginal: Any) -> Axis:
    parameter = grid.parameters[axis]
    order = grid.display_order(axis)
    bars = [(level(parameter.values[i]), float(marginal[i])) for i in order]
    best = level(parameter.values[int(marginal.argmax())])
    ends = (bars[0][0], bars[-1][0])
    if len(bars) <= MOST_BARS:
        return Axis(parameter.name, bars, best, len(bars), "", ends)
    likely = sorted(range(len(bars)), key=lambda i: -bars[i][1])[:FEW_BARS]
    shown = [bars[i] for i in sorted(likely)]
    return Axis(parameter.name, shown, best, len(bars), _outline([p for _, p in bars]), ends)


def _outline(shares: Sequence[float]) -> str:
    """Return columns as a path in a box of 1000 by 1000, the highest as high as the box."""
    width, highest = 1000 / len(shares), max(shares) or 1.0
    return "".join(
        f"M{i * width:.0f} 1000V{1000 * (1 - p / highest):.0f}h{0.9 * width:.0f}V1000z"
        for i, p in enumerate(shares)
    )


def pairs_of(links: Links, study: StudyView, view: View) -> PairMaps | None:
    """Return the pairs of axes to choose from, if there are more than two axes."""
    names = [parameter["name"] for parameter in study.parameters]
    if len(names) < 3:  # noqa: PLR2004 - two axes are one pair
        return None
    pairs = [
        Pair(
            f"{x} and {y}",
            links.study(study.id, "posterior", **view.query(x=x, y=y)),
            is_shown=(x, y) == (view.x, view.y),
        )
        for j, y in enumerate(names)
        for x in names[:j]
    ]
    return PairMaps(study.id, pairs)
