"""Help: how every number of the dashboard is computed, in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid.dashboard import layout
from beliefgrid.dashboard.glossary import TOPICS, Topic
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond

router = APIRouter()


@dataclass(frozen=True, slots=True)
class HelpPage(PageContext):
    """The words and numbers of the dashboard."""

    template: ClassVar[str] = "pages/help.html"

    frame: layout.Frame
    lead: Lead
    topics: Sequence[Topic]


@router.get("/help")
async def help_(request: Request) -> Response:
    """Explain the numbers."""
    sentence = f"{len(TOPICS)} words and numbers, and how each is computed."
    page = HelpPage(layout.frame(request, "Help"), Lead(sentence, ()), TOPICS)
    return respond(request, page)
