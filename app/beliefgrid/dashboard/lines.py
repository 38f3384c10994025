"""Line charts: one description, drawn as SVG at first and by Plotly later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from beliefgrid.dashboard.numbers import PERCENT, number, percent
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.sketch import Series, Sketch, sketch

MOST_TABLE_ROWS = 40


@dataclass(frozen=True, slots=True)
class LineData:
    """Some series over one axis, with what the axes are called."""

    x_title: str
    y_title: str
    series: Sequence[Series]
    is_log: bool = False
    has_zero: bool = False
    is_share: bool = False  # probabilities, written in per cent

    def word(self, y: float) -> str:
        """Return a number of the y axis in a sentence."""
        return percent(y) if self.is_share else number(y)

    def exact(self, y: float, digits: int = 4) -> str:
        """Return it in a table, or beside a tick: neighbours differ."""
        return number(100 * y, digits) + PERCENT if self.is_share else number(y, digits)

    def to_json(self) -> dict[str, Any]:
        """Return what `static/js/lines.js` draws."""
        return {
            "x_title": self.x_title,
            "y_title": self.y_title,
            "is_log": self.is_log,
            "has_zero": self.has_zero,
            "is_share": self.is_share,
            "series": [
                {
                    "name": one.name,
                    "look": one.look,
                    "x": [x for x, _ in one.points],
                    "y": [y for _, y in one.points],
                }
                for one in self.series
            ],
        }


@dataclass(frozen=True, slots=True)
class LineChart(Part):
    """A line chart with its caption and its numbers."""

    template: ClassVar[str] = "parts/line_chart.html"

    figure_id: str
    feed: str
    sketch: Sketch | None
    names: Sequence[tuple[str, str]]
    alt: str
    caption: str
    x_title: str
    y_title: str
    rows: Sequence[tuple[str, Sequence[str]]]
    is_whole: bool


def line_chart(figure_id: str, feed: str, data: LineData, *, caption: str) -> LineChart:
    """Return a line chart."""
    xs = [x for one in data.series for x, _ in one.points]
    ends = [number(min(xs)), number(max(xs))] if xs else []
    rows = table_rows(data)
    return LineChart(
        figure_id=figure_id,
        feed=feed,
        sketch=sketch(
            data.series,
            x_labels=ends,
            is_log=data.is_log,
            zero=data.has_zero,
            word=lambda y: data.exact(y, 3),
        ),
        names=[(one.name, one.look) for one in data.series if one.points],
        alt=f"{data.y_title} over {data.x_title}. {_last(data)}",
        caption=caption,
        x_title=data.x_title,
        y_title=data.y_title,
        rows=rows[-MOST_TABLE_ROWS:],
        is_whole=len(rows) <= MOST_TABLE_ROWS,
    )


def table_rows(data: LineData) -> list[tuple[str, Sequence[str]]]:
    """Return the numbers of a chart: one row for each x, one column for each series."""
    xs = sorted({x for one in data.series for x, _ in one.points})
    known = [dict(one.points) for one in data.series]
    return [
        (number(x), [data.exact(series[x]) if x in series else "" for series in known]) for x in xs
    ]


def _last(data: LineData) -> str:
    ends = [
        f"{one.name} ends at {data.word(one.points[-1][1])}" for one in data.series if one.points
    ]
    return "; ".join(ends) + "." if ends else "Nothing to draw yet."
