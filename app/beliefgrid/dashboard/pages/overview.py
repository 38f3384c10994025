"""Overview: where one study stands, on one screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from beliefgrid.actions import crowds, read
from beliefgrid.actions.crowds import Sample
from beliefgrid.actions.views import PosteriorView, SnapshotView, StudyView, TrialView, WorkerView
from beliefgrid.dashboard import charts, layout, maps, sentences, sketch
from beliefgrid.dashboard.checks import Check, checks
from beliefgrid.dashboard.later import Later
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import count
from beliefgrid.dashboard.pages import importance
from beliefgrid.dashboard.parts import (
    AmongTested,
    Beliefs,
    Checks,
    Latest,
    Lead,
    NextUp,
    Stats,
    among_tested_of,
    beliefs_of,
    latest_of,
    next_up_of,
    stats_of,
)
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.shades import stored_matrix
from beliefgrid.dashboard.view import view_of

router = APIRouter()
QUESTIONS = ("Which cell is the best?", "How sure is that?", "Is it worth going on?")
LATEST = 8
TOP = 5
MOST_SKETCHED = 250


@dataclass(frozen=True, slots=True)
class OverviewPage(PageContext):
    """The Overview of a study."""

    template: ClassVar[str] = "pages/overview.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    checks: Checks
    stats: Stats
    map_card: maps.MapCard
    map_href: str
    beliefs: Beliefs
    next_up: NextUp | None
    among_tested: AmongTested | None
    history: sketch.History
    importance: Later
    latest: Latest


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    snapshot: SnapshotView | None
    matrix: PosteriorView | None
    known: Mapping[str, Any] | None
    results: Sample
    latest: Sequence[TrialView]
    workers: Sequence[WorkerView]


@router.get("/studies/{study_id}")
async def overview(request: Request, study_id: str) -> Response:
    """Show where a study stands."""
    found = await request.app.state.service.read(_read, study_id)
    return respond(request, _page(request, found))


def _read(c: Connection, study_id: str) -> _Read:
    study = read.study(c, study_id)
    snapshot = charts.newest(c, study_id)
    first = view_of(QueryParams(), study.parameters)
    return _Read(
        study=study,
        snapshot=snapshot,
        matrix=stored_matrix(c, study, snapshot, first) if snapshot else None,
        known=charts.known(c, study, snapshot) if snapshot else None,
        results=crowds.sample_of(c, study, most=MOST_SKETCHED),
        latest=read.trials(c, study_id, sort="-number", limit=LATEST).items,
        workers=read.workers(c, study_id),
    )


def _page(request: Request, found: _Read) -> OverviewPage:
    links, now, study = links_of(request), layout.now(), found.study
    frame = layout.frame(request, study.name, study=study, is_live=True)
    summary = found.snapshot.summary if found.snapshot else None
    top = found.snapshot.top if found.snapshot else []
    return OverviewPage(
        frame=frame,
        head=layout.study_head(links, study, ""),
        lead=Lead(sentences.overview(study, summary), QUESTIONS),
        checks=Checks(_checks(found, now), links.study(study.id, "settings"), frame.csrf_token),
        stats=stats_of(links, study, summary, now),
        map_card=maps.MapCard(_map(found)),
        map_href=links.study(study.id, "posterior"),
        beliefs=beliefs_of(links, study, top[:TOP], moment=_moment(found.snapshot)),
        next_up=next_up_of(study, summary),
        among_tested=among_tested_of(links, study, summary, top),
        history=sketch.history_of(study.id, study.metric, study.goal, found.results),
        importance=importance.TOPIC.place(links, study),
        latest=latest_of(links, study, found.latest, now),
    )


def _checks(found: _Read, now: datetime) -> list[Check]:
    snapshot = found.snapshot
    return checks(
        found.study,
        snapshot.summary if snapshot else None,
        found.workers,
        now,
        theta=snapshot.theta if snapshot else None,
        known=found.known,
    )


def _map(found: _Read) -> maps.Map | None:
    if found.matrix is None:
        return None
    return maps.map_of(
        found.study, found.matrix, found.known, figure_id="overview-map", is_compact=True
    )


def _moment(snapshot: SnapshotView | None) -> str:
    return count(snapshot.n_observations, "result") if snapshot else count(0, "result")
