"""Posterior: any layer over any two axes at any moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from beliefgrid.actions import read
from beliefgrid.actions.compute import ComputeError
from beliefgrid.actions.definitions import definition_of
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import PosteriorView, SnapshotView, StudyView
from beliefgrid.dashboard import charts, layout, maps
from beliefgrid.dashboard.layers import LAYERS, RATIO, REDUCES, Layer
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.marginals import AxisMarginals, PairMaps, marginals_of, pairs_of
from beliefgrid.dashboard.numbers import address_level, cell_text, count, level, percent
from beliefgrid.dashboard.pages.difference import COMPARED
from beliefgrid.dashboard.parts import (
    AmongTested,
    Beliefs,
    Lead,
    among_tested_of,
    beliefs_of,
)
from beliefgrid.dashboard.ratios import layer_of
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.shades import stored_matrix
from beliefgrid.dashboard.view import FIXED, View, slice_at, values_of, view_of

router = APIRouter()
QUESTIONS = ("Where may the best cell be?", "How did that move?", "What is tested next?")
TOP = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A control that picks one of some values."""

    name: str
    label: str
    choices: Sequence[Choice]
    is_used: bool = True


@dataclass(frozen=True, slots=True)
class Controls:
    """The form that picks the picture."""

    action: str
    selects: Sequence[Select]
    fixed: Sequence[Select]
    at: int | None
    newest_href: str


@dataclass(frozen=True, slots=True)
class MapCaption(Part):
    """What the heatmap shows, in words."""

    template: ClassVar[str] = "parts/map_caption.html"

    title: str
    meaning: str
    reduction: str
    moment: str
    help_href: str


@dataclass(frozen=True, slots=True)
class Moments(Part):
    """Links through time, for those without the slider."""

    template: ClassVar[str] = "parts/moments.html"

    first: str | None
    before: str | None
    after: str | None
    newest: str | None


@dataclass(frozen=True, slots=True)
class PosteriorPage(PageContext):
    """The Posterior of a study."""

    template: ClassVar[str] = "pages/posterior.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    controls: Controls
    map_card: maps.MapCard
    moments: Moments
    more: Sequence[tuple[str, str]]
    map_table: maps.MapTable | None
    beliefs: Beliefs
    among_tested: AmongTested | None
    pairs: PairMaps | None
    axis_marginals: AxisMarginals


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    snapshot: SnapshotView | None
    known: Mapping[str, Any] | None
    neighbours: Sequence[int]
    is_older_grid: bool = False
    stored: PosteriorView | None = None  # good for colours, and all that a picture without table is


@router.get("/studies/{study_id}/posterior")
async def posterior(request: Request, study_id: str) -> Response:
    """Show a layer of a posterior."""
    service = request.app.state.service
    at = request.query_params.get("at", "")
    moment = int(at) if at.isascii() and at.isdigit() else None
    found = await service.read(_read, study_id, moment, request.query_params)
    view = view_of(request.query_params, found.study.parameters)
    fixed = slice_at(view, found.study.parameters, _centre(found.snapshot))
    matrix, problem = await _matrix(service, found, view, fixed)
    return respond(request, _page(request, found, view, fixed, matrix, problem))


def _read(c: Connection, study_id: str, at: int | None, query: QueryParams) -> _Read:
    study = read.study(c, study_id)
    snapshot = charts.newest(c, study_id, at)
    if snapshot is None:
        return _Read(study, None, None, [])
    known = charts.known(c, study, snapshot)
    near = charts.neighbours(c, study, snapshot.seq)
    if is_same_grid(c, study_id, snapshot.revision, study.revision):
        stored = _stored(c, study, snapshot, view_of(query, study.parameters))
        return _Read(study, snapshot, known, near, stored=stored)
    definition = definition_of(c, study_id, snapshot.revision)
    then = replace(study, definition=definition)
    then = replace(then, n_cells=then.grid_cells)
    return _Read(then, snapshot, known, near, is_older_grid=True)


def _stored(
    c: Connection, study: StudyView, snapshot: SnapshotView, view: View
) -> PosteriorView | None:
    fixed = slice_at(view, study.parameters, _centre(snapshot))
    matrix = stored_matrix(c, study, snapshot, replace(view, fixed=fixed))
    return matrix if matrix is not None and not maps.has_table(matrix) else None


async def _matrix(
    service: Any, found: _Read, view: View, fixed: Mapping[str, str]
) -> tuple[PosteriorView | None, str]:
    """Return the numbers to show, or what went wrong with them: the page stays."""
    if found.snapshot is None or found.stored is not None:
        return found.stored, ""
    try:
        matrix = await layer_of(
            service,
            found.study.id,
            layer=view.layer,
            x=view.x,
            y=view.y,
            reduce=view.reduce,
            at=found.snapshot.seq,
            fixed=values_of(fixed, found.study.parameters) if view.reduce == "slice" else {},
        )
    except (ActionError, ComputeError, ValueError) as error:
        return None, str(error)
    return matrix, ""


def _page(
    request: Request,
    found: _Read,
    view: View,
    fixed: Mapping[str, str],
    matrix: PosteriorView | None,
    problem: str,
) -> PosteriorPage:
    links, study, snapshot = links_of(request), found.study, found.snapshot
    top = snapshot.top if snapshot else []
    summary = snapshot.summary if snapshot else None
    moment = count(snapshot.n_observations, "result") if snapshot else count(0, "result")
    shown = map_ = None
    if matrix is not None:
        query = _rest_query(view, fixed, matrix.seq)
        own = links.study(study.id, "charts/posterior", **query)  # the REST API has no ratio
        api = links.api(f"/studies/{study.id}/posterior", **query)
        shown = maps.table_of(matrix, own if view.layer == RATIO else api)
        map_ = maps.map_of(
            study, matrix, found.known, figure_id="posterior-map", has_slider=True,
            colour=view.colour, fixed=fixed, caption=_caption(links, found, view, fixed, moment),
        )  # fmt: skip
    return PosteriorPage(
        frame=layout.frame(request, f"Posterior · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "posterior", title="Posterior"),
        lead=Lead(_sentence(study, view, snapshot, matrix), QUESTIONS),
        controls=_controls(links, study, view, fixed),
        map_card=maps.MapCard(map_, problem),
        moments=_moments(links, found, view),
        more=_more(links, found, view),
        map_table=shown,
        beliefs=beliefs_of(links, study, top[:TOP], moment=moment),
        among_tested=among_tested_of(links, study, summary, top),
        pairs=pairs_of(links, study, view),
        axis_marginals=marginals_of(study, summary),
    )


def _sentence(
    study: StudyView, view: View, snapshot: SnapshotView | None, matrix: PosteriorView | None
) -> str:
    if snapshot is None or matrix is None:
        return f"No posterior over the {count(study.n_cells, 'cell')} yet."
    n = snapshot.n_observations
    start = f"After {count(n, 'result')}" if n else "Before any result"
    leader = leader_of(snapshot.summary)
    if view.layer == "p_best" and leader:
        where = cell_text(leader["assignments"])
        return f"{start}, the best cell is most likely {where}: {percent(leader['p_best'])}."
    if view.layer == RATIO:
        peak = maps.peak_text(matrix).replace("highest at", "gain is largest at", 1)
        return f"{start}, the {peak} bits over the prior." if peak else f"{start}."
    peak = maps.peak_text(matrix)
    return f"{start}, the {LAYERS[view.layer].title} is {peak}." if peak else f"{start}."


def _caption(
    links: Links, found: _Read, view: View, fixed: Mapping[str, str], moment: str
) -> MapCaption:
    layer, study = LAYERS[view.layer], found.study
    older = "This moment is from before the grid was edited, and shows the grid that it had then."
    said = [
        _reduction(view, layer, fixed),
        _unsearched(study),
        older if found.is_older_grid else "",
    ]
    return MapCaption(
        title=layer.title + (f" ({study.metric})" if layer.has_unit else ""),
        meaning=layer.meaning,
        reduction=" ".join(text for text in said if text),
        moment=moment,
        help_href=links.help(layer.name),
    )


def _unsearched(study: StudyView) -> str:
    """Say how much of the grid rules leave out: it looks like what is believed to be bad."""
    n = study.grid_cells - study.n_cells
    return f"{count(n, 'combination')} {'is' if n == 1 else 'are'} not searched." if n else ""


def _reduction(view: View, layer: Layer, fixed: Mapping[str, str]) -> str:
    """Say what became of the axes that are not shown."""
    if not fixed:
        return ""
    if view.reduce == "slice":
        return "At " + ", ".join(f"{name} {value}" for name, value in fixed.items()) + "."
    how = {"sum": "summed", "max": "the largest", "mean": "averaged"}[view.reduce]
    over = " and ".join(fixed)
    hint = (
        " A sum is no probability of one cell."
        if view.reduce == "sum" and not (layer.is_probability or layer.is_diverging)
        else ""
    )
    return f"Each square is {how} over {over}.{hint}"


def _moments(links: Links, found: _Read, view: View) -> Moments:
    seqs, study = found.neighbours, found.study

    def href(seq: int | None) -> str:
        return links.study(study.id, "posterior", **view.query(at=seq))

    if found.snapshot is None or len(seqs) < 2:  # noqa: PLR2004 - a single moment has no neighbours
        return Moments(None, None, None, None)
    at = found.snapshot.seq
    before = max((seq for seq in seqs if seq < at), default=None)
    after = min((seq for seq in seqs if seq > at), default=None)
    return Moments(
        first=href(seqs[0]) if before is not None else None,
        before=href(before) if before is not None else None,
        after=href(after) if after is not None else None,
        newest=href(None) if after is not None else None,
    )


def _more(links: Links, found: _Read, view: View) -> list[tuple[str, str]]:
    """Return what else there is to see of a belief in time, and to take away."""
    if found.snapshot is None:
        return []
    axes = {"x": view.x, "y": view.y}
    query = {key: value for key, value in view.query().items() if key not in ("at", "layer")}
    to = found.snapshot.seq if view.at is not None else None
    axes |= {"layer": view.layer} if view.layer in COMPARED else {}
    return [
        ("Difference between two moments", links.study(found.study.id, "difference", b=to, **axes)),
        ("What each result taught", links.study(found.study.id, "information")),
        ("Film as HTML", links.study(found.study.id, "film.html", **query)),
        ("Film as GIF", links.study(found.study.id, "film.gif", **query)),
    ]


def _rest_query(view: View, fixed: Mapping[str, str], seq: int) -> dict[str, Any]:
    query = {"layer": view.layer, "x": view.x, "y": view.y, "reduce": view.reduce, "at": seq}
    if view.reduce != "slice":
        return query
    return query | {FIXED + name: value for name, value in fixed.items()}


def _centre(snapshot: SnapshotView | None) -> Mapping[str, Any]:
    leader = snapshot.summary.get("leader") if snapshot else None
    found: Mapping[str, Any] = leader["assignments"] if leader else {}
    return found


# ---------------------------------------------------------------- controls
def _controls(links: Links, study: StudyView, view: View, fixed: Mapping[str, str]) -> Controls:
    names = [parameter["name"] for parameter in study.parameters]
    selects = [
        _select("layer", "Layer", [(one.name, one.title) for one in LAYERS.values()], view.layer)
    ]
    if len(names) > 1:
        axes = [(name, name) for name in names]
        selects += [_select("x", "Across", axes, view.x), _select("y", "Up", axes, view.y)]
    if len(names) > 2:  # noqa: PLR2004 - beyond two axes something becomes of the others
        selects.append(_select("reduce", "Other parameters", REDUCES, view.reduce))
    colours = [("", "as suits"), ("linear", "linear"), ("log", "log")]
    selects.append(_select("colour", "Colours", colours, view.colour or ""))
    return Controls(
        action=links.study(study.id, "posterior"),
        selects=selects,
        fixed=[_fixed(parameter, view, fixed) for parameter in study.parameters]
        if len(names) > 2  # noqa: PLR2004
        else [],
        at=view.at,
        newest_href=links.study(study.id, "posterior", **view.query(at=None)),
    )


def _select(
    name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str | None
) -> Select:
    return Select(name, label, [Choice(value, text, value == chosen) for value, text in choices])


def _fixed(parameter: Mapping[str, Any], view: View, fixed: Mapping[str, str]) -> Select:
    name = parameter["name"]
    chosen = fixed.get(name, view.fixed.get(name))
    values = [(address_level(value), level(value)) for value in parameter["values"]]
    is_used = view.reduce == "slice" and name not in (view.x, view.y)
    return replace(_select(FIXED + name, name, values, chosen), is_used=is_used)
