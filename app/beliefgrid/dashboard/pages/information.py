"""Information: what each update taught, in bits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import knowledge, read
from beliefgrid.actions.knowledge import Information
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.later import Later, LaterPage
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import count, number
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import Part, respond
from beliefgrid.dashboard.sketch import Series, Sketch, sketch

router = APIRouter()
TITLE = "What taught most"
QUESTIONS = ("Which result taught most?", "Do results still teach?")
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


@dataclass(frozen=True, slots=True)
class Taught(Part):
    """The updates that taught most."""

    template: ClassVar[str] = "parts/taught.html"

    title: str
    sentence: str
    rows: Sequence[Lesson]
    sketch: Sketch | None
    alt: str
    help_href: str
    json_href: str


def place(links: Links, study: StudyView) -> Later:
    """Return the place on another page that shows it."""
    return Later("taught", TITLE, links.study(study.id, "information"))


@router.get("/studies/{study_id}/information")
async def information(request: Request, study_id: str) -> Response:
    """Show what each update taught."""
    study, found = await request.app.state.service.read(_read, study_id)
    links = links_of(request)
    part = taught_of(links, study, found)
    page = LaterPage(
        frame=layout.frame(request, f"Information · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "convergence", title="Information"),
        lead=Lead(part.sentence, QUESTIONS),
        part=part,
    )
    return respond(request, page)


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
        title=TITLE,
        sentence=_sentence(found),
        rows=[_lesson(links, study, i, before[i["seq"]], most) for i in best if i["bits"] > 0],
        sketch=_sketch(found),
        alt=f"What each of {count(len(found.items), 'update')} taught, in bits, in order.",
        help_href=links.help("entropy"),
        json_href=links.api(f"/studies/{study.id}/information"),
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
