"""Studies: all searches, and which of them needs somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.states import STUDY_STATES
from beliefgrid.actions.views import Page, StudyView
from beliefgrid.dashboard import layout, sentences
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import NOTHING, When, cell_text, number, percent, share, when
from beliefgrid.dashboard.parts import Lead, eta_of
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.snippets import first_study
from beliefgrid.dashboard.states import Badge, study_badge

router = APIRouter()
QUESTIONS = ("Which study needs me?", "How far is each?", "What has it found?")
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in the list."""

    name: str
    href: str
    badge: Badge
    trouble: str
    done: int
    budget: int | None
    progress: str
    coverage: str
    best: str
    metric: str
    goal: str
    p_best: float | None
    p_best_text: str
    leader: str
    running: int
    last: When | None
    eta: str
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class StudyTable(Part):
    """The list of studies."""

    template: ClassVar[str] = "parts/study_table.html"

    rows: Sequence[StudyRow]
    next_href: str | None
    first_href: str | None


@dataclass(frozen=True, slots=True)
class StateChoice:
    """A state to filter by."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class StudiesPage(PageContext):
    """The list of studies with its filters, or how to make the first one."""

    template: ClassVar[str] = "pages/studies.html"

    frame: layout.Frame
    lead: Lead
    states: Sequence[StateChoice]
    q: str
    is_filtered: bool
    table: StudyTable
    new_href: str
    snippet: str


@router.get("/")
async def studies(request: Request) -> Response:
    """List studies."""
    query = request.query_params
    state = query.get("state") if query.get("state") in STUDY_STATES else None
    found = await request.app.state.service.read(
        _read, state=state, q=query.get("q") or None, cursor=query.get("cursor") or None
    )
    return respond(request, _page(request, found, state))


def _read(
    c: Connection, *, state: str | None, q: str | None, cursor: str | None
) -> Page[StudyView]:
    return read.studies(c, state=state, q=q, cursor=cursor, limit=PER_PAGE)


def _page(request: Request, found: Page[StudyView], state: str | None) -> StudiesPage:
    links, now, query = links_of(request), layout.now(), request.query_params
    q = query.get("q", "")
    is_filtered = bool(state or q or query.get("cursor"))
    sentence = sentences.studies(
        found.items, is_filtered=is_filtered, has_more=found.next_cursor is not None
    )
    return StudiesPage(
        frame=layout.frame(request, "Studies", is_live=True),
        lead=Lead(sentence, QUESTIONS),
        states=[StateChoice("", "all", state is None)]
        + [StateChoice(name, name, name == state) for name in STUDY_STATES],
        q=q,
        is_filtered=is_filtered,
        table=StudyTable(
            rows=[_row(links, study, now) for study in found.items],
            next_href=links.page("/", state=state, q=q, cursor=found.next_cursor)
            if found.next_cursor
            else None,
            first_href=links.page("/", state=state, q=q) if query.get("cursor") else None,
        ),
        new_href=links.page("/studies/new"),
        snippet=first_study(str(request.base_url)),
    )


def _row(links: Links, study: StudyView, now: datetime) -> StudyRow:
    summary: dict[str, Any] = study.summary or {}
    leader = leader_of(summary) or {}
    budget = (study.definition.get("budget") or {}).get("trials")
    done = layout.finished(study)
    return StudyRow(
        name=study.name,
        href=links.study(study.id),
        badge=study_badge(study.state),
        trouble=study.update_error or "",
        done=done,
        budget=budget,
        progress=layout.progress_text(done, budget),
        coverage=share(study.cells_tested, study.n_cells),
        best=number(summary.get("best_value")),
        metric=study.metric,
        goal=study.goal,
        p_best=leader.get("p_best") if summary.get("n_observations") else None,
        p_best_text=percent(leader.get("p_best")) if summary.get("n_observations") else NOTHING,
        leader=cell_text(leader["assignments"]) if leader else "",
        running=study.counts.get("active", 0),
        last=when(study.last_result_at or study.created_at, now),
        eta=eta_of(study, now),
        tags=study.tags,
    )
