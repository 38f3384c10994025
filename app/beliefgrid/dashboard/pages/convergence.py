"""Convergence: how sure the search is, how that came, and whether to stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.views import ProgressView, StoppingView, StudyView
from beliefgrid.dashboard import charts, layout
from beliefgrid.dashboard.later import Later
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.lines import LineChart, LineData, line_chart
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import NOTHING, count, number, percent
from beliefgrid.dashboard.pages import calibration, information
from beliefgrid.dashboard.parts import Lead, Stat, Stats
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.sketch import Series

router = APIRouter()
QUESTIONS = ("How sure is it?", "Is it still learning?", "May I stop?")
DEFAULT_PROBABILITY = 0.9
NEARLY_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Light:
    """A rule: whether it holds, what it says now and what it asks for."""

    name: str
    holds: bool
    now: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Lights(Part):
    """The stopping rules, each with its reason."""

    template: ClassVar[str] = "parts/lights.html"

    items: Sequence[Light]
    help_href: str


@dataclass(frozen=True, slots=True)
class ConvergencePage(PageContext):
    """How a search converges."""

    template: ClassVar[str] = "pages/convergence.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    stats: Stats
    lights: Lights
    charts: Sequence[LineChart]
    later: Sequence[Later]


@dataclass(frozen=True, slots=True)
class Curve:
    """One number of each snapshot, over the results."""

    title: str
    caption: str
    of: Callable[[ProgressView], float | None]
    is_share: bool = False


CURVES: dict[str, Curve] = {
    "p_best": Curve(
        "P(best) of the best so far",
        "The belief in the best tested cell. It may fall when a result contradicts it.",
        lambda moment: moment.leader_p_best,
        is_share=True,
    ),
    "entropy": Curve(
        "entropy, bits",
        "How spread the belief is: each bit less halves the cells that are in question.",
        lambda moment: moment.entropy_bits,
    ),
    "cells": Curve(
        "effective number of cells",
        "2 to the power of the entropy: as many equally likely cells would be as uncertain.",
        lambda moment: moment.effective_cells,
    ),
    "regret": Curve(
        "expected regret",
        "How much worse than the true best the leader is expected to be, in the metric's units.",
        lambda moment: moment.expected_regret,
    ),
}


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    stopping: StoppingView
    moments: Sequence[ProgressView]


@router.get("/studies/{study_id}/convergence")
async def convergence(request: Request, study_id: str) -> Response:
    """Show how a search converges."""
    found = await request.app.state.service.read(_read, study_id)
    return respond(request, _page(request, found))


@router.get("/studies/{study_id}/charts/convergence/{name}")
async def curve(request: Request, study_id: str, name: str) -> Response:
    """Return one curve for its chart."""
    if name not in CURVES:
        raise HTTPException(404, f"expected one of {', '.join(CURVES)}")
    moments = await request.app.state.service.read(charts.progress, study_id)
    return charts.feed(request, _data(name, moments).to_json())


def _read(c: Connection, study_id: str) -> _Read:
    return _Read(read.study(c, study_id), read.stopping(c, study_id), charts.progress(c, study_id))


def _page(request: Request, found: _Read) -> ConvergencePage:
    links, study = links_of(request), found.study
    summary = study.summary or {}
    return ConvergencePage(
        frame=layout.frame(request, f"Convergence · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "convergence", title="Convergence"),
        lead=Lead(_sentence(study, found.stopping, summary), QUESTIONS),
        stats=_stats(links, study, summary),
        lights=Lights(_lights(study, found.stopping, summary), links.help("stopping")),
        charts=[
            line_chart(
                f"curve-{name}",
                links.study(study.id, f"charts/convergence/{name}"),
                _data(name, found.moments),
                caption=one.caption,
            )
            for name, one in CURVES.items()
        ],
        later=[information.TOPIC.place(links, study), calibration.TOPIC.place(links, study)],
    )


def _data(name: str, moments: Sequence[ProgressView]) -> LineData:
    one = CURVES[name]
    points = [
        (float(moment.n_observations), float(value))
        for moment in moments
        if (value := one.of(moment)) is not None
    ]
    series = [Series(one.title, "line", _distinct(points))]
    return LineData("results", one.title, series, has_zero=True, is_share=one.is_share)


def _distinct(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the last of several snapshots with as many results."""
    return list(dict(points).items())


def _sentence(study: StudyView, stopping: StoppingView, summary: Mapping[str, Any]) -> str:
    if not summary or not summary.get("n_observations"):
        return "No result yet, so the belief is the prior."
    if study.state in ("converged", "exhausted"):
        return f"The search is over: {study.state_reason}."
    learnt = number(summary.get("information_bits"), 3)
    start = f"The results have taught {learnt} bits"
    if stopping.should_stop:
        return f"{start}, and it is known enough: {'; '.join(stopping.reasons)}."
    gain = summary.get("expected_gain_10")
    more = (
        f"; ten more trials are expected to gain {number(gain, 2)} {study.metric}" if gain else ""
    )
    return f"{start}, and no stopping rule holds yet{more}."


def _stats(links: Links, study: StudyView, summary: Mapping[str, Any]) -> Stats:
    leader = leader_of(summary) or {}
    cells = summary.get("effective_cells")
    numbers = [
        ("P(best) of the leader", percent(leader.get("p_best")), "over the grid", "p_best"),
        ("Entropy", number(summary.get("entropy_bits"), 3), "bits", "entropy"),
        ("Effective cells", number(cells, 3), f"of {study.n_cells:,}", "entropy"),
        ("Learnt so far", number(summary.get("information_bits"), 3), "bits", "entropy"),
        ("Expected regret", number(summary.get("expected_regret"), 3), study.metric,
         "expected_regret"),
        ("Ten more trials", number(summary.get("expected_gain_10"), 2),
         f"{study.metric}, expected gain", "expected_gain"),
    ]  # fmt: skip
    return Stats(
        [Stat(label, value, note, links.help(topic)) for label, value, note, topic in numbers]
    )


def _lights(study: StudyView, stopping: StoppingView, summary: Mapping[str, Any]) -> list[Light]:
    rule = study.definition.get("stopping") or {}
    wanted = float(rule.get("probability", DEFAULT_PROBABILITY))
    within, epsilon = stopping.probability_within, stopping.epsilon
    budget = (study.definition.get("budget") or {}).get("trials")
    done = layout.finished(study)
    lights = [
        Light(
            "The leader is good enough",
            stopping.should_stop,
            f"regret is at most {number(epsilon, 3)} {study.metric} with {percent(within)}"
            if within is not None
            else NOTHING,
            f"{percent(wanted)}, two snapshots running",
        ),
        Light(
            "One cell is nearly certain",
            (stopping.p_best or 0) >= NEARLY_SURE,
            f"the leader has {percent(stopping.p_best)}",
            percent(NEARLY_SURE),
        ),
        Light(
            "Every cell is tested",
            study.cells_tested >= study.n_cells,
            f"{study.cells_tested:,} tested",
            count(study.n_cells, "cell"),
        ),
    ]
    if budget:
        lights.append(
            Light("The budget is spent", done >= budget, f"{done:,} spent", count(budget, "trial"))
        )
    if summary and not summary.get("n_observations"):
        return [Light(light.name, False, NOTHING, light.wanted) for light in lights]  # noqa: FBT003
    return lights
