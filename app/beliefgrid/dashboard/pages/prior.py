"""Prior: what was believed before any result, beside what is believed now; and a hand on it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import knowledge, read
from beliefgrid.actions.definitions import definition_of
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.manage import set_prior
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import charts, frames, layout, panels, priors
from beliefgrid.dashboard.checks import Check
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import NOTHING, cell_text, count, level, number, percent
from beliefgrid.dashboard.parts import Lead, Stat, Stats
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.view import view_of

router = APIRouter()
QUESTIONS = ("What was believed before?", "Did the results agree?", "What is it worth?")
WISHES = ("axes", "table", "painting")
MOST_DIGITS = 10
DEFAULT_CONFIDENCE = "95"
Field = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightField:
    """The weight of one level, or of all levels of a long axis, as a field."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class AxisFields:
    """The weights of one parameter."""

    name: str
    fields: Sequence[WeightField]
    is_one_field: bool


@dataclass(frozen=True, slots=True)
class Painter:
    """What the painter paints on: two axes, in display order, with the weights that are there."""

    x: str
    y: str | None
    x_labels: Sequence[str]
    y_labels: Sequence[str]
    weights: str
    axes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shares(Part):
    """Prior and posterior of each level of one parameter after the other."""

    template: ClassVar[str] = "parts/prior_shares.html"

    rows: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class PriorPage(PageContext):
    """The prior of a study."""

    template: ClassVar[str] = "pages/prior.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    warning: Check | None
    stats: Stats
    belief_panels: panels.BeliefPanels | None
    prior_shares: Shares | None
    problem: str
    preview: str
    saved: bool
    undo_revision: int | None
    action: str
    version: int
    axes: Sequence[AxisFields]
    painter: Painter | None
    csv: str
    csv_example: str
    confidence: str
    is_small: bool


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    known: knowledge.PriorView
    prior: search.Prior
    grid: search.Grid
    posterior: Field | None


@router.get("/studies/{study_id}/prior")
async def prior(request: Request, study_id: str) -> Response:
    """Show a study's prior beside its posterior."""
    found = await request.app.state.service.read(_read, study_id)
    query = request.query_params
    before = query.get("before", "")
    is_undoable = before.isascii() and before.isdigit() and len(before) < MOST_DIGITS
    page = replace(
        _page(request, found, {}),
        saved=query.get("saved") == "yes",
        undo_revision=int(before) if is_undoable and int(before) < found.study.revision else None,
    )
    return respond(request, page)


@router.post("/studies/{study_id}/prior")
async def change(request: Request, study_id: str) -> Response:
    """Preview a prior, or save it; or say why not."""
    service = request.app.state.service
    sent = {key: str(value) for key, value in (await request.form()).items()}
    found = await service.read(_read, study_id)
    try:
        wanted = await service.read(_wanted, found, sent)
        if sent.get("wish") != "preview":
            await service.write(
                set_prior,
                study_id,
                wanted,
                if_version=_version(sent),
                actor=layout.state_of(request, "actor", None),
            )
            links, before = links_of(request), found.study.revision
            to = links.study(study_id, "prior", saved="yes", before=before)
            return Response(status_code=303, headers={"Location": to})
        shown = replace(found, prior=_prior(found.study, wanted))
    except (ActionError, ValueError) as error:
        page = replace(_page(request, found, sent), problem=str(error))
        return respond(request, page, status=422)
    return respond(request, replace(_page(request, shown, sent), preview=_said(shown)))


# ---------------------------------------------------------------- reading
def _read(c: Connection, study_id: str) -> _Read:
    study = read.study(c, study_id)
    prior = _prior(study, study.definition.get("prior"))
    grid = search.Grid.from_definition(study.parameters)
    return _Read(study, knowledge.prior(c, study_id), prior, grid, _posterior(c, study))


def _prior(study: StudyView, prior: dict[str, Any] | None) -> search.Prior:
    """Return a prior as the engine reads it, of a grid that may be too large to write out."""
    return search.Problem.from_definition(study.definition | {"prior": prior}).prior


def _posterior(c: Connection, study: StudyView) -> Field | None:
    snapshot = charts.newest(c, study.id)
    if snapshot is None or not is_same_grid(c, study.id, snapshot.revision, study.revision):
        return None
    return charts.field_at(c, study, snapshot.seq)


def _wanted(c: Connection, found: _Read, sent: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the prior that a form asks for; None is the uniform one.

    Raises:
        FormError: a field cannot be read; the message names it.
    """
    wish = sent.get("wish", "")
    if wish == "uniform":
        return None
    if wish == "restore":
        revision = int(_version({"version": sent.get("revision", "")}) or 0)
        if not 1 <= revision <= found.study.revision:
            raise ValueError("The study has no such revision; load the page again.")
        before: dict[str, Any] | None = definition_of(c, found.study.id, revision).get("prior")
        return before
    confidence = priors.confidence_of(sent.get("confidence", ""))
    more = {} if confidence is None else {"confidence": confidence}
    kind = sent.get("kind", "")
    if kind == "axes":
        return {"axes": priors.by_axes(sent, found.study.parameters)} | more
    if kind == "table":
        return {"table": priors.from_csv(sent.get("csv", ""), found.grid)} | more
    if kind == "painting":
        return {"table": priors.from_painting(sent.get("painting", ""), found.grid)} | more
    raise ValueError("This form is not one of ours; load the page again.")


def _version(sent: Mapping[str, str]) -> int | None:
    text = sent.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else None


# ---------------------------------------------------------------- the page
def _page(request: Request, found: _Read, sent: Mapping[str, str]) -> PriorPage:
    links, study = links_of(request), found.study
    is_written = found.prior.weights.size == found.grid.n_cells
    return PriorPage(
        frame=layout.frame(
            # What was sent and is not saved is not what the page's address shows.
            request,
            f"Prior · {study.name}",
            study=study,
            is_live=request.method == "GET",
        ),
        head=layout.study_head(links, study, "prior", title="Prior"),
        lead=Lead(_sentence(found), QUESTIONS),
        warning=_warning(found.known),
        stats=_stats(links, found),
        belief_panels=_panels(request, found) if is_written else None,
        prior_shares=_shares(found) if is_written else None,
        problem="",
        preview="",
        saved=False,
        undo_revision=None,
        action=links.study(study.id, "prior"),
        version=study.version,
        axes=_axes(study, sent),
        painter=_painter(request, found) if is_written else None,
        csv=sent.get("csv", ""),
        csv_example=_example(study),
        confidence=sent.get("confidence", _confidence(study)),
        is_small=found.grid.n_cells <= priors.MOST_TABLE_CELLS,
    )


def _sentence(found: _Read) -> str:
    study, prior = found.study, found.prior
    n = study.observations
    start = f"{count(n, 'result')} so far" if n else "No result yet"
    if prior.is_uniform:
        return f"The prior is even: no cell was favoured. {start}."
    if prior.weights.size != found.grid.n_cells:
        return f"The prior is given per parameter. {start}."
    cell = int(prior.weights.argmax())
    share = float(prior.weights[cell])
    where = cell_text(found.grid.assignments(cell))
    said = f"The prior favoured {where} with {percent(share)}"
    if found.posterior is None or not n:
        return f"{said}, where an even one gives {percent(1 / found.grid.n_cells)}. {start}."
    return f"{said}; after {count(n, 'result')} it has {percent(float(found.posterior[cell]))}."


def _warning(known: knowledge.PriorView) -> Check | None:
    if not known.is_in_conflict:
        return None
    left = f" It counts with {percent(known.power)} of its strength." if known.power else ""
    return Check(
        "warn",
        "The results contradict the prior.",
        f"Results like these had a chance of {percent(known.p_value)} if it were right.{left} "
        "Look at both maps; if the prior was a guess, save an even one.",
    )


def _stats(links: Links, found: _Read) -> Stats:
    bits, worth, known = _bits(found), _worth(found), found.known
    beside = "no result to compare with" if worth is None else "trials, by what a result taught"
    agree = NOTHING if known.p_value is None else percent(known.p_value)
    rows = [
        ("The prior holds", number(bits, 3), "bits more than an even one", "prior"),
        ("Worth", number(worth, 2), beside, "prior"),
        ("Agreement", agree, "chance of such results under it", "prior-conflict"),
        ("Strength left", percent(known.power), "of the prior", "prior-conflict"),
    ]  # fmt: skip
    return Stats(
        [Stat(label, value, note, links.help(topic)) for label, value, note, topic in rows]
    )


def _bits(found: _Read) -> float | None:
    """Return how many bits the prior is surer than an even one."""
    weights = found.prior.weights[found.prior.weights > 0]
    if found.prior.is_uniform:
        return 0.0
    if not weights.size:
        return None
    return max(0.0, math.log2(weights.size) + float((weights * np.log2(weights)).sum()))


def _worth(found: _Read) -> float | None:
    """Return how many results would have taught as much as the prior says."""
    summary, bits = found.study.summary or {}, _bits(found)
    learnt, n = summary.get("information_bits") or 0, summary.get("n_observations") or 0
    if bits is None or not n or learnt <= 0:
        return None
    return bits / (learnt / n)


def _panels(request: Request, found: _Read) -> panels.BeliefPanels:
    view = view_of(request.query_params, found.study.parameters)
    picture = frames.Picture(view.x, view.y, "sum", {})
    n = count(found.study.observations, "result")
    beliefs = [("Prior", "Before any result.", found.prior.weights)]
    if found.posterior is not None:
        beliefs.append(("Posterior", f"After {n}.", found.posterior))
    return panels.side_by_side(found.grid, beliefs, picture, with_change=len(beliefs) > 1)


def _shares(found: _Read) -> Shares:
    before = priors.marginals(found.grid, found.prior.weights)
    after = priors.marginals(found.grid, found.posterior) if found.posterior is not None else None
    rows = []
    for axis, parameter in enumerate(found.grid.parameters):
        for i in found.grid.display_order(axis):
            now = percent(after[axis][i]) if after else NOTHING
            rows.append((parameter.name, level(parameter.values[i]), percent(before[axis][i]), now))
    return Shares(rows)


def _axes(study: StudyView, sent: Mapping[str, str]) -> list[AxisFields]:
    given = ((study.definition.get("prior") or {}).get("axes")) or {}
    found = []
    for axis, parameter in enumerate(study.parameters):
        name, levels = parameter["name"], parameter["values"]
        weights = [_typed(one) for one in given.get(name) or [1] * len(levels)]
        if len(levels) > priors.MOST_INPUTS:
            text = sent.get(f"w.{axis}", ", ".join(weights))
            fields = [WeightField(f"w.{axis}", f"{len(levels)} weights, by commas", text)]
        else:
            fields = [
                WeightField(key := f"w.{axis}.{i}", level(value), sent.get(key, weights[i]))
                for i, value in enumerate(levels)
            ]
        found.append(AxisFields(name, fields, len(levels) > priors.MOST_INPUTS))
    return found


def _painter(request: Request, found: _Read) -> Painter | None:
    view = view_of(request.query_params, found.study.parameters)
    picture = frames.Picture(view.x, view.y, "sum", {})
    matrix = frames.reduce_field(found.grid, found.prior.weights, picture)
    if matrix.size > priors.MOST_PAINTED or found.grid.n_cells > priors.MOST_TABLE_CELLS:
        return None
    least = float(matrix[matrix > 0].min())
    weights = [[float(f"{value / least:.4g}") for value in row] for row in matrix.tolist()]
    return Painter(
        x=view.x,
        y=view.y,
        x_labels=_labels(found.grid, view.x),
        y_labels=_labels(found.grid, view.y) if view.y else [],
        weights=json.dumps(weights, separators=(",", ":")),
        axes=[parameter.name for parameter in found.grid.parameters],
    )


def _labels(grid: search.Grid, name: str) -> list[str]:
    axis = grid.axis(name)
    return [level(grid.parameters[axis].values[i]) for i in grid.display_order(axis)]


def _confidence(study: StudyView) -> str:
    given = (study.definition.get("prior") or {}).get("confidence")
    return DEFAULT_CONFIDENCE if given is None else _typed(100 * given)


def _example(study: StudyView) -> str:
    """Return the first lines of a table for this grid."""
    shown = study.parameters[:2]
    head = ",".join([*(one["name"] for one in shown), priors.WEIGHT])
    rows = [",".join([*(str(one["values"][0]) for one in shown), str(w)]) for w in (3,)]
    last = ",".join([*(str(one["values"][-1]) for one in shown), "1"])
    return "\n".join([head, *rows, last])


def _typed(value: float) -> str:
    return f"{float(f'{value:.6g}'):g}"


def _said(shown: _Read) -> str:
    if not shown.prior.weights.size:
        return "A preview, not saved: the prior can be used."
    likeliest = shown.grid.assignments(int(shown.prior.weights.argmax()))
    return (
        f"A preview, not saved: this prior holds {number(_bits(shown), 3)} bits more than an even "
        f"one, and its likeliest cell is {cell_text(likeliest)}."
    )
