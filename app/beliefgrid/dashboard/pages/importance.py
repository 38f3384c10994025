"""Importance: which parameters matter, by themselves and only together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid import search
from beliefgrid.actions import read
from beliefgrid.actions.compute import ComputeError
from beliefgrid.actions.errors import ActionError, SnapshotUnknownError
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.later import LaterPart, Topic
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import count, percent

router = APIRouter()
MOST_PAIRS = 5
WORTH_SAYING = 0.01  # of the variance: pairs below it do nothing together
MATTERS = 0.05


@dataclass(frozen=True, slots=True)
class Weight:
    """One parameter or pair: its share of the variance, the band of that, and its total."""

    name: str
    href: str
    share: float
    low: float
    high: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance(LaterPart):
    """How much each parameter does to the metric."""

    template: ClassVar[str] = "parts/importance.html"

    axes: Sequence[Weight]
    pairs: Sequence[Weight]
    note: str


TOPIC = Topic(
    name="importance",
    part=Importance,
    title="Which parameters matter",
    tab="",
    help="importance",
    questions=("Which parameter is worth more levels?", "Which need not be searched?"),
)


@router.get("/studies/{study_id}/importance")
async def importance(request: Request, study_id: str) -> Response:
    """Show how much each parameter matters."""
    service, links = request.app.state.service, links_of(request)
    study = await service.read(read.study, study_id)
    found, problem = None, ""
    if study.observations and _is_small(study):
        try:
            found, _ = await service.beliefs.importance(study_id)
        except SnapshotUnknownError:
            pass  # the first one is being computed
        except (ActionError, ComputeError, ValueError) as error:
            problem = str(error)
    return TOPIC.page(request, study, importance_of(links, study, found, problem))


def importance_of(
    links: Links, study: StudyView, found: Mapping[str, Any] | None, problem: str = ""
) -> Importance:
    """Return what the engine found as a part."""
    axes = _axes(links, study, found) if found else []
    pairs = _pairs(links, study, found) if found else []
    return Importance(
        **TOPIC.said(links, study, "" if problem else _sentence(study, axes, pairs), problem),
        axes=axes,
        pairs=pairs,
        note=_note(study, found) if found else "",
    )


def _axes(links: Links, study: StudyView, found: Mapping[str, Any]) -> list[Weight]:
    rows = zip(found["names"], found["alone"], found["total"], strict=True)
    weights = [
        Weight(
            name=name,
            href=links.study(study.id, "posterior", layer="mean", x=name),
            share=alone["share"],
            low=alone["low"],
            high=alone["high"],
            total=total["share"],
        )
        for name, alone, total in rows
    ]
    return sorted(weights, key=lambda one: -one.total)


def _pairs(links: Links, study: StudyView, found: Mapping[str, Any]) -> list[Weight]:
    weights = [
        Weight(
            name=f"{a} with {b}",
            href=links.study(study.id, "posterior", layer="mean", x=a, y=b),
            share=together["share"],
            low=together["low"],
            high=together["high"],
            total=together["share"],
        )
        for a, b, together in found["together"]
        if together["share"] >= WORTH_SAYING
    ]
    return sorted(weights, key=lambda one: -one.share)[:MOST_PAIRS]


def _is_small(study: StudyView) -> bool:
    return search.Grid.from_definition(study.parameters).is_written_out


def _sentence(study: StudyView, axes: Sequence[Weight], pairs: Sequence[Weight]) -> str:
    if not study.observations:
        return "No result yet: what matters is known from results."
    if not _is_small(study):
        return f"No shares of {count(study.n_cells, 'cell')}: it would take draws over all of them."
    if not axes:
        return "No shares yet, or none at all: only the Gaussian process has draws to divide."
    first, last = axes[0], axes[-1]
    text = (
        f"{first.name} matters most: by itself it makes {percent(first.share)} of how "
        f"{study.metric} differs over the grid ({percent(first.low)} to {percent(first.high)})"
    )
    if pairs and pairs[0].share >= MATTERS:
        text += f"; {pairs[0].name} makes {percent(pairs[0].share)} more"
    if len(axes) > 1:
        text += f"; {last.name} matters least, {percent(last.total)} in all"
    return f"{text}."


def _note(study: StudyView, found: Mapping[str, Any]) -> str:
    return (
        f"Shares of the variance of {study.metric} over all {count(study.n_cells, 'cell')}, in "
        f"{count(found['draws'], 'draw')} from the belief after "
        f"{count(study.observations, 'result')}: the median, and the range of 80 % of the draws."
    )
