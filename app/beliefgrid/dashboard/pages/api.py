"""API: the lines that start a worker, filled with this study's address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid.actions import read
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.snippets import Snippet, workers

router = APIRouter()
QUESTIONS = ("How do I start a worker?", "Where are the numbers, for a program?")
RESOURCES = (
    ("The study", ""),
    ("Trials", "/trials"),
    ("Best cell", "/best"),
    ("Stopping rule", "/stopping"),
    ("Posterior", "/posterior"),
    ("Snapshots", "/snapshots"),
    ("Importance of the parameters", "/importance"),
    ("What each result taught", "/information"),
    ("Whether the predictions held", "/calibration"),
    ("Events as they happen", "/events"),
    ("Everything as JSON", "/export?format=json"),
    ("Everything as CSV", "/export?format=csv"),
)


@dataclass(frozen=True, slots=True)
class ApiPage(PageContext):
    """How programs use a study."""

    template: ClassVar[str] = "pages/api.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    snippets: Sequence[Snippet]
    resources: Sequence[tuple[str, str]]
    docs_href: str


@router.get("/studies/{study_id}/api")
async def api(request: Request, study_id: str) -> Response:
    """Show how programs use a study."""
    study = await request.app.state.service.read(read.study, study_id)
    links = links_of(request)
    needs_token = request.app.state.settings.token_required
    page = ApiPage(
        frame=layout.frame(request, f"API · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "api", title="API"),
        lead=Lead(
            "A worker asks for a combination, evaluates it and tells the result: two requests.",
            QUESTIONS,
        ),
        snippets=workers(str(request.base_url), study, needs_token=needs_token),
        resources=_resources(links, study.id),
        docs_href=links.page("/api/docs"),
    )
    return respond(request, page)


def _resources(links: Links, study_id: str) -> list[tuple[str, str]]:
    return [(name, links.api(f"/studies/{study_id}{path}")) for name, path in RESOURCES]
