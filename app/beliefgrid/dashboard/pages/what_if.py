"""What if: a result that is not there, or one that is left out, and the belief that would follow.

All is in the address and nothing is stored; the belief is computed in a child process.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import branches, read
from beliefgrid.actions.compute import ComputeError, Update
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import SnapshotView, StudyView
from beliefgrid.dashboard import charts, frames, layout, panels
from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import (
    NOTHING,
    address_level,
    cell_text,
    count,
    level,
    number,
    percent,
)
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.view import FIXED, values_of, view_of

router = APIRouter()
QUESTIONS = ("What would a good result change?", "Which result carries the belief?")
MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """The levels of one parameter of the cell that is asked about."""

    field: str
    name: str
    levels: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Idea:
    """A question that one may well ask, as a link."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class BeforeAfter(Part):
    """What is believed and what would be, number by number."""

    template: ClassVar[str] = "parts/before_after.html"

    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class WhatIfPage(PageContext):
    """A question and its answer."""

    template: ClassVar[str] = "pages/what_if.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    problem: str
    action: str
    levels: Sequence[LevelChoice]
    value: str
    metric: str
    trial: str
    ideas: Sequence[Idea]
    before_after: BeforeAfter | None
    belief_panels: panels.BeliefPanels | None
    empty: str


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: in words, and the cell it is about, if it is about one."""

    text: str
    branch: branches.Branch
    cell: int | None


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    snapshot: SnapshotView | None
    field: NDArray[np.float64] | None
    question: _Question | None
    problem: str = ""
    best: int | None = None  # the trial with the best result


@router.get("/studies/{study_id}/what-if")
async def what_if(request: Request, study_id: str) -> Response:
    """Show what would be believed if."""
    service, query = request.app.state.service, dict(request.query_params)
    found = await service.read(_read, study_id, query)
    after: Update | None = None
    if found.question is not None and not found.problem:
        try:
            after = await branches.believe(service.compute, found.question.branch)
        except (ComputeError, ValueError) as error:
            found = replace(found, problem=str(error))
    page = _page(request, found, after, query)
    return respond(request, page, status=422 if found.problem else 200)


# ---------------------------------------------------------------- the question
def _read(c: Connection, study_id: str, query: Mapping[str, str]) -> _Read:
    study, snapshot = read.study(c, study_id), charts.newest(c, study_id)
    if snapshot is None or not is_same_grid(c, study_id, snapshot.revision, study.revision):
        return _Read(study, None, None, None)
    field = charts.field_at(c, study, snapshot.seq)
    sort = "-value" if study.goal == "maximize" else "value"
    best = read.trials(c, study_id, sort=sort, limit=1).items
    found = _Read(study, snapshot, field, None, best=best[0].number if best else None)
    try:
        return replace(found, question=_question(c, found, query))
    except (ActionError, ValueError) as error:
        return replace(found, problem=str(error))


def _question(c: Connection, found: _Read, query: Mapping[str, str]) -> _Question | None:
    """Return what an address asks; None if it asks nothing.

    Raises:
        FormError, BranchError, SearchError, ActionError: it cannot be asked.
    """
    study, asked = found.study, query.get("ask", "")
    if asked in ("result", "infeasible"):
        return _about_a_cell(c, study, asked, query)
    if asked == "without":
        text = query.get("trial", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
            raise FormError("Give the number of a trial.")
        change = branches.without_trial(c, study.id, int(text))
        return _Question(f"Without trial {int(text)}", branches.branch(c, study.id, change), None)
    if asked == "even":
        made = branches.branch(c, study.id, branches.with_even_prior)
        return _Question("With an even prior", made, None)
    return None


def _about_a_cell(
    c: Connection, study: StudyView, asked: str, query: Mapping[str, str]
) -> _Question:
    fixed = {name.removeprefix(FIXED): text for name, text in query.items()}
    assignments = values_of(fixed, study.parameters)
    cell = search.Grid.from_definition(study.parameters).cell(assignments)
    if cell is None:
        raise FormError("This combination is not on the grid.")
    where = cell_text(assignments)
    if asked == "infeasible":
        made = branches.branch(c, study.id, branches.as_infeasible(cell))
        return _Question(f"If {where} did not work", made, cell)
    value = _value(query.get("value", ""))
    made = branches.branch(c, study.id, branches.with_result(cell, value))
    return _Question(f"If {where} gave {study.metric} {number(value)}", made, cell)


def _value(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise FormError("Give the result to pretend, a number.") from error
    if not math.isfinite(value):
        raise FormError("Give the result to pretend, a finite number.")
    return value


# ---------------------------------------------------------------- the page
def _page(
    request: Request, found: _Read, after: Update | None, query: Mapping[str, str]
) -> WhatIfPage:
    links, study = links_of(request), found.study
    centre = _next(found.snapshot)
    chosen = {
        p["name"]: address_level(centre.get(p["name"], p["values"][0])) for p in study.parameters
    }
    chosen |= {name.removeprefix(FIXED): text for name, text in query.items() if FIXED in name}
    return WhatIfPage(
        frame=layout.frame(
            request,
            f"What if · {study.name}",
            study=study,
            is_live=not found.problem,
            is_costly=after is not None,
        ),
        head=layout.study_head(links, study, "what-if", title="What if"),
        lead=Lead(_sentence(found, after), QUESTIONS),
        problem=found.problem,
        action=links.study(study.id, "what-if"),
        levels=[
            LevelChoice(
                FIXED + one["name"],
                one["name"],
                [(address_level(value), level(value)) for value in one["values"]],
                chosen[one["name"]],
            )
            for one in study.parameters
        ],
        value=query.get("value", ""),
        metric=study.metric,
        trial=query.get("trial", ""),
        ideas=_ideas(links, found),
        before_after=_table(found, after) if after else None,
        belief_panels=_panels(request, found, after) if after else None,
        empty="" if found.snapshot else "The first posterior is being computed.",
    )


def _sentence(found: _Read, after: Update | None) -> str:
    if found.snapshot is None:
        return "There is no belief yet to ask about."
    if found.question is None or after is None:
        return (
            "Pretend a result, or leave one out, and see what would be believed. Nothing is stored."
        )
    before, then = leader_of(found.snapshot.summary), leader_of(after.summary)
    if before is None or then is None:
        return f"{found.question.text}, nothing would be known."
    who = cell_text(then["assignments"])
    if before["cell"] == then["cell"]:
        moved = f"{who} would stay the likeliest best, at {percent(then['p_best'])}"
    else:
        moved = f"{who} would become the likeliest best, with {percent(then['p_best'])}"
    instead = _instead(before, then)
    if moved.endswith(instead):
        return f"{found.question.text}, {moved} as now."
    return f"{found.question.text}, {moved} instead of {instead}."


def _instead(before: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    if before["cell"] == then["cell"]:
        return percent(before["p_best"])
    return f"{cell_text(before['assignments'])} with {percent(before['p_best'])}"


def _table(found: _Read, after: Update) -> BeforeAfter:
    assert found.snapshot is not None  # noqa: S101 - there is an answer, so there was a snapshot
    now, then, metric = found.snapshot.summary, after.summary, found.study.metric

    def both(title: str, key: str, unit: str = "") -> tuple[str, str, str]:
        before, after = (_with(number(one.get(key), 3), unit) for one in (now, then))
        return title, before, after

    rows = [
        ("likeliest best", _leader(now), _leader(then)),
        ("its P(best)", _p(now), _p(then)),
        ("tested next", _cell(now.get("next")), _cell(then.get("next"))),
        both("entropy", "entropy_bits", "bits"),
        both("effective cells", "effective_cells"),
        both("expected regret", "expected_regret", metric),
        both("ten more trials gain", "expected_gain_10", metric),
    ]
    cell = found.question.cell if found.question else None
    if cell is not None and found.field is not None:
        field = search.decode_field(after.field, found.field.size)
        shares = percent(float(found.field[cell])), percent(float(field[cell]))
        rows.insert(2, ("P(best) of this cell", *shares))
    return BeforeAfter(rows)


def _with(text: str, unit: str) -> str:
    return text if text == NOTHING or not unit else f"{text} {unit}"


def _leader(summary: Mapping[str, Any]) -> str:
    return _cell(leader_of(summary))


def _p(summary: Mapping[str, Any]) -> str:
    return percent((leader_of(summary) or {}).get("p_best"))


def _cell(found: Mapping[str, Any] | None) -> str:
    return cell_text(found["assignments"]) if found else NOTHING


def _panels(request: Request, found: _Read, after: Update) -> panels.BeliefPanels | None:
    if found.field is None:
        return None
    grid = search.Grid.from_definition(found.study.parameters)
    view = view_of(request.query_params, found.study.parameters)
    then = search.decode_field(after.field, grid.n_cells)
    n = found.snapshot.n_observations if found.snapshot else 0
    return panels.side_by_side(
        grid,
        [
            ("Now", f"P(best) after {count(n, 'result')}.", found.field),
            ("Then", f"{found.question.text if found.question else ''}.", then),
        ],
        frames.Picture(view.x, view.y, "sum", {}),
        with_change=True,
    )


def _next(snapshot: SnapshotView | None) -> Mapping[str, Any]:
    summary = snapshot.summary if snapshot else {}
    chosen = summary.get("next") or leader_of(summary) or {}
    found: Mapping[str, Any] = chosen.get("assignments") or {}
    return found


def _ideas(links: Links, found: _Read) -> list[Idea]:
    """Return what one may well ask of this study now."""
    if found.snapshot is None:
        return []
    study, ideas = found.study, []
    chosen = found.snapshot.summary.get("next") or {}
    mean, sd = chosen.get("mean"), chosen.get("sd")
    if mean is not None and sd:
        fixed = {FIXED + k: address_level(v) for k, v in chosen["assignments"].items()}
        good = mean + (2 * sd if study.goal == "maximize" else -2 * sd)
        for word, value in (("as predicted", mean), ("very good", good)):
            ask = {"ask": "result", "value": f"{value:.4g}"} | fixed
            text = f"the next cell were {word}: {number(float(ask['value']))}"
            ideas.append(Idea(text, links.study(study.id, "what-if", **ask)))
    if found.best is not None:
        href = links.study(study.id, "what-if", ask="without", trial=found.best)
        ideas.append(Idea(f"the best result, of trial {found.best}, were left out", href))
    if study.definition.get("prior"):
        ideas.append(Idea("the prior were even", links.study(study.id, "what-if", ask="even")))
    return ideas
