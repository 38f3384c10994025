"""Calibration: how often the intervals that were predicted held."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import knowledge, read
from beliefgrid.actions.knowledge import Calibration
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.later import LaterPart, Topic
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import count, percent
from beliefgrid.dashboard.sketch import Series, Sketch, sketch

router = APIRouter()
TOO_FEW, CHANCE, SURE, CAUTIOUS = "too few to say", "within chance", "too sure", "too cautious"
OFF = {SURE: 2, CAUTIOUS: 1}  # what is worse to overlook
JUDGED = {
    TOO_FEW: "too few to judge by",
    CHANCE: "it can be trusted",
    SURE: "the model is surer than it should be",
    CAUTIOUS: "it is more careful than it need be",
}
FEW = 8  # predictions, below which chance decides
WIDE = 1.959963984540054  # sds: the ends of the interval that should hold 95 %
MOST_DRAWN = 300
FARTHEST = 4.0  # sds that are drawn; what lies beyond stands at the border


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval: what share of the results should be in it, and what share was."""

    expected: float
    observed: float
    held: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(LaterPart):
    """How often each interval held, and where each result fell."""

    template: ClassVar[str] = "parts/held.html"

    rows: Sequence[Interval]
    sketch: Sketch | None
    alt: str


TOPIC = Topic(
    name="calibration",
    part=Held,
    title="Did the predictions hold?",
    tab="convergence",
    help="calibration",
    questions=("May I trust the intervals?", "Is the model too sure?"),
)


@router.get("/studies/{study_id}/calibration")
async def calibration(request: Request, study_id: str) -> Response:
    """Show how often the predictions held."""
    study, found = await request.app.state.service.read(_read, study_id)
    return TOPIC.page(request, study, held_of(links_of(request), study, found))


def _read(c: Connection, study_id: str) -> tuple[StudyView, Calibration]:
    return read.study(c, study_id), knowledge.calibration(c, study_id)


def held_of(links: Links, study: StudyView, found: Calibration) -> Held:
    """Return how often each interval held."""
    n, rows = found.predictions, rows_of(found)
    return Held(
        **TOPIC.said(links, study, sentence_of(rows, n)),
        rows=rows,
        sketch=_sketch(found),
        alt=f"How far each of {count(n, 'result')} lay from its prediction, in order.",
    )


def rows_of(found: Calibration) -> list[Interval]:
    """Return the intervals, each with what came of it."""
    n = found.predictions
    return [
        Interval(
            row["expected"],
            row["observed"],
            f"{round(row['observed'] * n)} of {n:,}",
            verdict(row["expected"], row["observed"], n),
        )
        for row in found.coverage
    ]


def verdict(expected: float, observed: float, n: int) -> str:
    """Say whether a share differs from what it should be by more than chance may do."""
    if n < FEW:
        return TOO_FEW
    if abs(observed - expected) <= WIDE * math.sqrt(expected * (1 - expected) / n):
        return CHANCE
    return SURE if observed < expected else CAUTIOUS


def sentence_of(rows: Sequence[Interval], n: int) -> str:
    """Say whether the intervals can be trusted."""
    if not rows:
        return "No prediction to judge yet: those of the first cells are not made by the model."
    # The interval that failed most, or the widest one if none did.
    told = max(rows, key=lambda row: (OFF.get(row.verdict, 0), row.expected))
    text = (
        f"Of {count(n, 'result')} that the model had predicted, {told.held.split()[0]} "
        f"({percent(told.observed)}) fell into the interval that should hold "
        f"{percent(told.expected)}"
    )
    return f"{text}: {JUDGED[told.verdict]}."


def _sketch(found: Calibration) -> Sketch | None:
    shown = found.items[-MOST_DRAWN:]
    if not shown:
        return None
    first = found.predictions - len(shown) + 1
    points = [
        (float(first + i), max(-FARTHEST, min(FARTHEST, float(item["z"]))))
        for i, item in enumerate(shown)
    ]
    ends = (points[0][0], points[-1][0])
    borders = [Series("95 %", "line-2", [(x, z) for x in ends]) for z in (-WIDE, WIDE)]
    frame = Series("", "frame", [(ends[0], -FARTHEST), (ends[0], FARTHEST)])
    labels = [f"{ends[0]:.0f}", f"{ends[1]:,.0f}"] if ends[1] > ends[0] else [f"{ends[0]:.0f}"]
    return sketch([frame, *borders, Series("result", "points", points)], x_labels=labels)
