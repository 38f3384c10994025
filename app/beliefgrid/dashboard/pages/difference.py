"""Difference: how belief moved between two moments, and in which cells most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import read
from beliefgrid.actions.compute import ComputeError
from beliefgrid.actions.difference import Difference, difference
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.service import Service
from beliefgrid.actions.views import ProgressView, StudyView
from beliefgrid.dashboard import charts, frames, layout, panels
from beliefgrid.dashboard.layers import LAYERS, Layer, value_text
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import cell_text, count, number, percent
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.view import view_of

router = APIRouter()
QUESTIONS = ("What did these results teach?", "Where did belief go?")
MOST_DIGITS = 16
MOST_CHOICES = 200
TOP = 10
COMPARED = ("p_best", "mean", "sd")
End = tuple[ProgressView, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment to choose."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A cell whose share changed."""

    text: str
    before: str
    after: str
    change: str


@dataclass(frozen=True, slots=True)
class Moments(Part):
    """The form that picks the two moments and the layer."""

    template: ClassVar[str] = "parts/two_moments.html"

    action: str
    layers: Sequence[tuple[str, str]]
    layer: str
    choices: Sequence[Moment]
    a: int
    b: int
    hidden: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MovedBelief(Part):
    """Both beliefs, the change, and the cells that changed most."""

    template: ClassVar[str] = "parts/moved_belief.html"

    belief_panels: panels.BeliefPanels | None
    rows: Sequence[Moved]
    problem: str
    empty: str


@dataclass(frozen=True, slots=True)
class DifferencePage(PageContext):
    """Two moments and what is between them."""

    template: ClassVar[str] = "pages/difference.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    two_moments: Moments
    moved_belief: MovedBelief


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    moments: Sequence[ProgressView]
    ends: Sequence[End]

    @property
    def has_both(self) -> bool:
        """Whether there are two moments to compare."""
        return len(self.ends) > 1


@router.get("/studies/{study_id}/difference")
async def between(request: Request, study_id: str) -> Response:
    """Show how belief moved between two moments."""
    service, query = request.app.state.service, request.query_params
    layer, problem = LAYERS[_layer(query.get("layer"))], ""
    ends = query.get("a"), query.get("b")
    found = await service.read(_read, study_id, *ends, is_prediction=not layer.is_probability)
    if not layer.is_probability:
        try:
            found = replace(
                found, ends=[await _computed(service, found, m, layer) for m, _ in found.ends]
            )
        except (ActionError, ComputeError, ValueError) as error:
            found, problem = replace(found, ends=[]), str(error)
    return respond(request, _page(request, found, layer, problem))


def _layer(text: str | None) -> str:
    return text if text in COMPARED else COMPARED[0]


async def _computed(service: Service, found: _Read, moment: ProgressView, layer: Layer) -> End:
    fields, _ = await service.beliefs.layers(found.study.id, (layer.name,), moment.seq)
    return moment, np.asarray(fields[layer.name], dtype=np.float64)


def _read(
    c: Connection, study_id: str, a: str | None, b: str | None, *, is_prediction: bool
) -> _Read:
    """Read the moments that can be compared: there is no prediction before the first result."""
    study = read.study(c, study_id)
    moments = [
        one
        for one in charts.progress(c, study_id)
        if is_same_grid(c, study_id, one.revision, study.revision)
        and (one.n_observations or not is_prediction)
    ]
    ends = [_end(moments, a, 0), _end(moments, b, -1)] if moments else []
    loaded = [(one, charts.field_at(c, study, one.seq)) for one in ends]
    return _Read(study, moments, [(one, field) for one, field in loaded if field is not None])


def _end(moments: Sequence[ProgressView], text: str | None, otherwise: int) -> ProgressView:
    """Return the newest moment not after the one that an address names."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        return moments[otherwise]
    known = [one for one in moments if one.seq <= int(text)]
    return known[-1] if known else moments[0]


def _page(request: Request, found: _Read, layer: Layer, problem: str) -> DifferencePage:
    links, study = links_of(request), found.study
    grid = search.Grid.from_definition(study.parameters)
    moved, shown = None, None
    if found.has_both:
        (first, before), (last, after) = found.ends
        moved = difference(grid, first.seq, last.seq, before, after)
        view = view_of(request.query_params, study.parameters)
        shown = panels.side_by_side(
            grid,
            [(_after(first), "The earlier moment.", before), (_after(last), "The later.", after)],
            frames.Picture(view.x, view.y, layer.reduce, {}),
            layer=layer,
            with_change=True,
        )
    return DifferencePage(
        frame=layout.frame(
            request,
            f"Difference · {study.name}",
            study=study,
            is_live=True,
            is_costly=not layer.is_probability,
        ),
        head=layout.study_head(links, study, "posterior", title="Difference"),
        lead=Lead(_sentence(found, moved, layer), QUESTIONS),
        two_moments=Moments(
            action=links.study(study.id, "difference"),
            layers=[(name, LAYERS[name].title) for name in COMPARED],
            layer=layer.name,
            choices=_choices(found),
            a=found.ends[0][0].seq if found.ends else 0,
            b=found.ends[-1][0].seq if found.ends else 0,
            hidden=[(k, v) for k, v in request.query_params.items() if k in ("x", "y")],
        ),
        moved_belief=MovedBelief(
            shown,
            [_moved(cell, layer) for cell in moved.cells[:TOP]] if moved else [],
            problem,
            _nothing(found),
        ),
    )


def _choices(found: _Read) -> list[Moment]:
    step = max(1, -(-len(found.moments) // MOST_CHOICES))
    ends = {one.seq for one, _ in found.ends}
    return [
        Moment(one.seq, _after(one).lower())
        for i, one in enumerate(found.moments)
        if i % step == 0 or one.seq in ends
    ]


def _after(moment: ProgressView) -> str:
    n = moment.n_observations
    return f"After {count(n, 'result')}" if n else "Before any result"


def _sentence(found: _Read, moved: Difference | None, layer: Layer) -> str:
    if moved is None:
        return _nothing(found)
    (first, _), (last, _) = found.ends
    if not layer.is_probability:
        return _of_layer(found, moved, layer)
    share = percent(moved.total_variation)
    start = f"From {_after(first).lower()} to {_after(last).lower()}, {share} of the belief moved"
    bits = f"the later one holds {number(moved.information_bits, 3)} bits beyond the earlier"
    if not moved.cells:
        return f"{start}; {bits}."
    most = max(moved.cells, key=lambda cell: float(cell["change"]))
    if most["change"] <= 0:
        return f"{start}; {bits}."
    where = cell_text(most["assignments"])
    return f"{start}, most to {where} (now {percent(most['after'])}); {bits}."


def _nothing(found: _Read) -> str:
    if found.moments and not found.has_both:
        return f"{count(found.study.n_cells, 'cell')} are too many to compare cell by cell."
    return "There are no two moments yet to compare."


def _of_layer(found: _Read, moved: Difference, layer: Layer) -> str:
    (first, _), (last, _) = found.ends
    start = f"From {_after(first).lower()} to {_after(last).lower()}, the {layer.title}"
    if not moved.cells:
        return f"{start} did not change."
    most, metric = moved.cells[0], found.study.metric
    way = "rose" if most["change"] > 0 else "fell"
    ends = f"{number(most['before'], 3)} to {number(most['after'], 3)} {metric}"
    return f"{start} {way} most at {cell_text(most['assignments'])}: from {ends}."


def _moved(cell: Mapping[str, Any], layer: Layer) -> Moved:
    change = float(cell["change"])
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return Moved(
        cell_text(cell["assignments"]),
        value_text(layer, cell["before"]),
        value_text(layer, cell["after"]),
        f"{sign}{value_text(layer, abs(change))}",
    )
