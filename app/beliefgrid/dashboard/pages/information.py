"""Information: what each update taught, in bits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import knowledge, read
from beliefgrid.actions.knowledge import Information
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.later import LaterPart, Topic
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import count, number
from beliefgrid.dashboard.sketch import Series, Sketch, sketch

router = APIRouter()
MOST = 8
RECENT = 10
MOST_DRAWN = 300
MOST_NAMED = 6  # trials of one update


@dataclass(frozen=True, slots=True)
class Lesson:
    """An update: its trials, what it taught, and where one sees what moved."""

    trials: Sequence[tuple[int, str]]
    n_more: int
    bits: str
    share: float
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught(LaterPart):
    """The updates that taught most."""

    template: ClassVar[str] = "parts/taught.html"

    rows: Sequence[Lesson]
    sketch: Sketch | None
    alt: str


TOPIC = Topic(
    name="information",
    part=Taught,
    title="What taught most",
    tab="convergence",
    help="entropy",
    questions=("Which result taught most?", "Do results still teach?"),
)


@router.get("/studies/{study_id}/information")
async def information(request: Request, study_id: str) -> Response:
    """Show what each update taught."""
    study, found = await request.app.state.service.read(_read, study_id)
    return TOPIC.page(request, study, taught_of(links_of(request), study, found))


def _read(c: Connection, study_id: str) -> tuple[StudyView, Information]:
    return read.study(c, study_id), knowledge.information(c, study_id)


def taught_of(links: Links, study: StudyView, found: Information) -> Taught:
    """Return the updates that taught most, best first."""
    before = dict(
        zip((i["seq"] for i in found.items), (0, *(i["seq"] for i in found.items)), strict=False)
    )
    best = sorted(found.items, key=lambda item: -item["bits"])[:MOST]
    most = max((item["bits"] for item in best), default=0)
    return Taught(
        **TOPIC.said(links, study, _sentence(found)),
        rows=[_lesson(links, study, i, before[i["seq"]], most) for i in best if i["bits"] > 0],
        sketch=_sketch(found),
        alt=f"What each of {count(len(found.items), 'update')} taught, in bits, in order.",
    )


def _lesson(
    links: Links, study: StudyView, item: dict[str, Any], before: int, most: float
) -> Lesson:
    numbers = item["trials"]
    return Lesson(
        trials=[(n, links.trial(study.id, n)) for n in numbers[:MOST_NAMED]],
        n_more=max(0, len(numbers) - MOST_NAMED),
        bits=number(item["bits"], 3),
        share=item["bits"] / most,
        href=links.study(study.id, "difference", a=before, b=item["seq"]),
    )


def _sentence(found: Information) -> str:
    taught = [item for item in found.items if item["trials"]]
    if not taught:
        return "No result yet: each one will be weighed here by what it taught."
    best = max(taught, key=lambda item: float(item["bits"]))
    who = " and ".join(str(n) for n in best["trials"][:MOST_NAMED])
    text = f"Trial {who} taught most, {number(best['bits'], 3)} bits"
    recent = taught[-RECENT:]
    n = sum(len(item["trials"]) for item in recent)
    if len(taught) > RECENT:
        each = sum(item["bits"] for item in recent) / n
        text += f"; the last {n} results taught {number(each, 2)} bits each"
    return f"{text}; {number(found.total_bits, 3)} bits in all."


def _sketch(found: Information) -> Sketch | None:
    shown = found.items[-MOST_DRAWN:]
    if not shown:
        return None
    first = len(found.items) - len(shown) + 1
    stems = [(float(first + i), float(item["bits"])) for i, item in enumerate(shown)]
    labels = [f"{first:,}", f"{len(found.items):,}"] if len(shown) > 1 else [f"{first:,}"]
    most = max((abs(bits) for _, bits in stems), default=0.0)
    frame = Series("", "frame", [(float(first), most), (float(first), -most)])
    return sketch([frame, Series("bits", "stems", stems)], x_labels=labels)
