"""Line charts as inline SVG without a script: stretched to their box, labels beside them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from beliefgrid.actions.crowds import Sample
from beliefgrid.dashboard.numbers import NOTHING, number
from beliefgrid.dashboard.render import Part

SIZE = 1000
MARGIN = 0.06
WIDE = 50  # the ratio from which a log axis shows more, as history.js


@dataclass(frozen=True, slots=True)
class Line:
    """One line or cloud of points: its name, how it looks and its path."""

    name: str
    look: str
    path: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawn chart: paths in a box of 1000 by 1000, and the labels of its axes.

    A label of y says how far down it stands, in per cent.
    """

    lines: Sequence[Line]
    y_labels: Sequence[tuple[str, str]]
    x_labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class History(Part):
    """Results in the order in which they came, and the best so far."""

    template: ClassVar[str] = "parts/history.html"

    study_id: str
    metric: str
    goal: str
    query: str
    sketch: Sketch | None
    alt: str
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers to draw: points, stems on 0, or a line; a step line changes only at its points.

    Of a frame nothing is drawn; the axes reach as far.
    """

    name: str
    look: str
    points: Sequence[tuple[float, float]]


def sketch(
    series: Sequence[Series],
    *,
    x_labels: Sequence[str],
    is_log: bool = False,
    zero: bool = False,
    word: Callable[[float], str] = lambda y: number(y, 3),
) -> Sketch | None:
    """Return a chart of some series on common axes; None if there is nothing to draw."""
    found = [point for one in series for point in one.points]
    if not found:
        return None
    scale = _Scale(found, is_log=is_log, zero=zero)
    lines = [Line(one.name, one.look, _path(one, scale)) for one in series if one.points]
    return Sketch(lines, [(scale.down(y), word(y)) for y in scale.ticks], x_labels)


def is_wide(values: Sequence[float]) -> bool:
    """Say whether positive values span so much that a log axis shows more."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > WIDE


class _Scale:
    """From numbers to places in the box; y grows downwards there."""

    def __init__(self, points: Sequence[tuple[float, float]], *, is_log: bool, zero: bool) -> None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self.is_log = is_log
        self.x0, self.x1 = min(xs), max(xs)
        low, high = self._y(min(ys)), self._y(max(ys))
        if zero:
            low = min(low, 0.0)
        pad = MARGIN * (high - low) or abs(high) * MARGIN or 0.5
        self.y0, self.y1 = low - (0 if zero and low == 0 else pad), high + pad
        middle = [(low + high) / 2, low] if high > low else []
        self.ticks = [self._value(y) for y in (high, *middle)]

    def _y(self, y: float) -> float:
        return math.log10(y) if self.is_log else y

    def _value(self, y: float) -> float:
        return float(10**y) if self.is_log else y

    def place(self, x: float, y: float) -> str:
        """Return a point as the coordinates of a path."""
        across = (x - self.x0) / (self.x1 - self.x0) if self.x1 > self.x0 else 0.5
        return f"{SIZE * (0.01 + 0.98 * across):.0f} {SIZE * self._down(y):.0f}"

    def down(self, y: float) -> str:
        """Return how far down a value stands."""
        return f"{100 * self._down(y):.1f}%"

    def _down(self, y: float) -> float:
        return (self.y1 - self._y(y)) / (self.y1 - self.y0)


def _path(one: Series, scale: _Scale) -> str:
    if one.look.startswith("points"):
        # A line of no length with round ends is a dot that stays round however it is stretched.
        return "".join(f"M{scale.place(x, y)}h0" for x, y in one.points)
    if one.look == "stems":
        return "".join(
            f"M{scale.place(x, 0)}V{scale.place(x, y).split()[1]}" for x, y in one.points
        )
    if one.look.startswith("step"):
        parts = []
        for x, y in one.points:
            parts.append(f"H{scale.place(x, y).split()[0]}V{scale.place(x, y).split()[1]}")
        x, y = one.points[0]
        return f"M{scale.place(x, y)}" + "".join(parts[1:])
    return "M" + "L".join(scale.place(x, y) for x, y in one.points)


def history_of(study_id: str, metric: str, goal: str, found: Sample, query: str = "") -> History:
    """Return the history of a study, or of the trials that a query leaves."""
    cloud = [(p.position + 1.0, p.value) for p in found.points]
    best = [(p.position + 1.0, p.best) for p in found.points]
    drawn = sketch(
        [Series("result", "points", cloud), Series("best so far", "step", best)],
        x_labels=["1", f"{found.total:,}"] if found.total > 1 else ["1"],
        is_log=is_wide([y for _, y in cloud]),
    )
    latest = number(found.points[-1].best) if found.points else NOTHING
    alt = f"History of {found.total:,} results; best {metric} so far {latest}."
    return History(study_id, metric, goal, query, drawn, alt)
