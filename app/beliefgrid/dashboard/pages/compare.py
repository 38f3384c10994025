"""Compare: two to six studies side by side, and where their definitions differ."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import crowds, read
from beliefgrid.actions.views import ProgressView, StudyView
from beliefgrid.dashboard import charts, layout
from beliefgrid.dashboard.guard import principal_of
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.lines import LineChart, LineData, line_chart
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import NOTHING, cell_text, count, level, number, percent
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.sketch import Series
from beliefgrid.dashboard.states import study_badge

router = APIRouter()
QUESTIONS = ("Which search got further?", "What was done differently?")
FEWEST, MOST = 2, 6
MOST_LISTED = 100
MOST_POINTS = 300
CURVES = {
    "best": ("best so far", "The best result after each trial."),
    "p_best": ("P(best) of the likeliest cell", "How sure each search is of its best cell."),
    "entropy": (
        "entropy, bits",
        "How spread each belief is; grids of other sizes start elsewhere.",
    ),
}
ROWS = ("strategy", "noise", "prior", "constraints", "budget", "stopping", "seed")


@dataclass(frozen=True, slots=True)
class Option:
    """A study that may be compared."""

    id: str
    name: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A study that is compared."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of all studies, and whether it is the same everywhere."""

    name: str
    values: Sequence[str]

    @property
    def is_same(self) -> bool:
        """Whether all studies have it alike."""
        return len(set(self.values)) == 1


@dataclass(frozen=True, slots=True)
class Differences(Part):
    """Results and definitions, study by study."""

    template: ClassVar[str] = "parts/differences.html"

    columns: Sequence[Column]
    results: Sequence[Row]
    different: Sequence[Row]
    same: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ComparePage(PageContext):
    """Some studies side by side."""

    template: ClassVar[str] = "pages/compare.html"

    frame: layout.Frame
    lead: Lead
    problem: str
    action: str
    options: Sequence[Option]
    differences: Differences | None
    charts: Sequence[LineChart]


@dataclass(frozen=True, slots=True)
class _One:
    study: StudyView
    results: crowds.Sample
    moments: Sequence[ProgressView]


@router.get("/compare")
async def compare(request: Request) -> Response:
    """Show some studies side by side."""
    wanted, problem = _wanted(request)
    service = request.app.state.service
    listed = await service.read(read.studies, limit=MOST_LISTED)
    seen = [study for study in listed.items if _may_read(request, study.id)]
    found = await service.read(_read, wanted) if len(wanted) >= FEWEST else []
    return respond(request, _page(request, seen, found, wanted, problem))


@router.get("/compare/charts/{name}")
async def curve(request: Request, name: str) -> Response:
    """Return one curve of each study for its chart."""
    if name not in CURVES:
        raise HTTPException(404, f"expected one of {', '.join(CURVES)}")
    wanted, _ = _wanted(request)
    found = await request.app.state.service.read(_read, wanted)
    return charts.feed(request, _data(name, found).to_json())


def _wanted(request: Request) -> tuple[list[str], str]:
    """Return the studies that an address names, which must be for these eyes."""
    wanted = list(dict.fromkeys(request.query_params.getlist("study")))
    for study_id in wanted:
        principal_of(request).require("read", study_id)
    if len(wanted) == 1:
        return wanted, f"Choose at least {FEWEST} studies."
    if len(wanted) > MOST:
        return wanted[:MOST], f"Six studies at most are shown; {len(wanted) - MOST} are left out."
    return wanted, ""


def _may_read(request: Request, study_id: str) -> bool:
    principal = principal_of(request)
    return principal.study_id in (None, study_id)


def _read(c: Connection, wanted: Sequence[str]) -> list[_One]:
    return [
        _One(
            read.study(c, study_id),
            crowds.history_sample(c, study_id, most=MOST_POINTS),
            charts.progress(c, study_id),
        )
        for study_id in wanted
    ]


# ---------------------------------------------------------------- the page
def _page(
    request: Request,
    seen: Sequence[StudyView],
    found: Sequence[_One],
    wanted: Sequence[str],
    problem: str,
) -> ComparePage:
    links = links_of(request)
    query = "&".join(f"study={one.study.id}" for one in found)
    drawn = [
        line_chart(
            f"compare-{name}",
            f"{links.page(f'/compare/charts/{name}')}?{query}",
            _data(name, found),
            caption=_caption(name, found),
        )
        for name in CURVES
    ]
    return ComparePage(
        frame=layout.frame(request, "Compare studies", is_live=bool(found), shown=wanted),
        lead=Lead(_sentence(found), QUESTIONS),
        problem=problem,
        action=links.page("/compare"),
        options=[Option(one.id, one.name, _option(one), one.id in wanted) for one in seen],
        differences=_differences(links, found) if found else None,
        charts=drawn if found else [],
    )


def _option(study: StudyView) -> str:
    state = study_badge(study.state).text
    return f"{state}, {count(study.n_cells, 'cell')}, {count(study.observations, 'result')}"


def _caption(name: str, found: Sequence[_One]) -> str:
    text = CURVES[name][1]
    metrics = {f"{one.study.metric}, {one.study.goal}d" for one in found}
    if name == "best" and len(metrics) > 1:
        text += f" They measure different things ({'; '.join(sorted(metrics))})."
    return text


def _sentence(found: Sequence[_One]) -> str:
    if not found:
        return "Choose two to six studies to see them side by side."
    names = dict(
        zip((one.study.id for one in found), _names([one.study for one in found]), strict=True)
    )
    sure = max(found, key=lambda one: _p(one.study) or 0)
    p = percent(_p(sure.study))
    text = f"{names[sure.study.id]} is the surest, with {p} for its best cell"
    told = [one for one in found if one.results.points]
    if len(told) == len(found) and len({(one.study.metric, one.study.goal) for one in found}) == 1:
        pick = max if found[0].study.goal == "maximize" else min
        best = pick(found, key=lambda one: one.results.points[-1].best)
        value = number(best.results.points[-1].best)
        text += f"; {names[best.study.id]} has the best {best.study.metric}, {value}"
    return f"{text}."


def _p(study: StudyView) -> float | None:
    p: float | None = (leader_of(study.summary) or {}).get("p_best")
    return p


def _data(name: str, found: Sequence[_One]) -> LineData:
    names = _names([one.study for one in found])
    looks = [f"step-{k}" if k > 1 else "step" for k in range(1, MOST + 1)]
    series = [
        Series(label, look, _points(name, one))
        for label, look, one in zip(names, looks, found, strict=False)
    ]
    return LineData("results", CURVES[name][0], series, is_share=name == "p_best")


def _names(studies: Sequence[StudyView]) -> list[str]:
    """Return names that differ; those that are equal get a number."""
    names = [study.name for study in studies]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: i + 1].count(name)})"
        for i, name in enumerate(names)
    ]


def _points(name: str, one: _One) -> list[tuple[float, float]]:
    if name == "best":
        return [(point.position + 1.0, point.best) for point in one.results.points]
    of = {"p_best": "leader_p_best", "entropy": "entropy_bits"}[name]
    known = [(float(m.n_observations), getattr(m, of)) for m in one.moments]
    return list(dict(point for point in known if point[1] is not None).items())


def _differences(links: Links, found: Sequence[_One]) -> Differences:
    studies = [one.study for one in found]
    metrics = Row("metric", [_metrics(study) for study in studies])
    rows = [*_parameter_rows(studies), metrics, *(_row(name, studies) for name in ROWS)]
    return Differences(
        columns=[
            Column(name, links.study(study.id))
            for name, study in zip(_names(studies), studies, strict=True)
        ],
        results=_results(found),
        different=[row for row in rows if not row.is_same],
        same=[row for row in rows if row.is_same],
    )


def _results(found: Sequence[_One]) -> list[Row]:
    summaries = [one.study.summary or {} for one in found]
    leaders = [leader_of(summary) for summary in summaries]
    return [
        Row("state", [study_badge(one.study.state).text for one in found]),
        Row("cells", [f"{one.study.n_cells:,}" for one in found]),
        Row("results", [f"{one.study.observations:,}" for one in found]),
        Row("best result", [_best(one) for one in found]),
        Row("likeliest best", [cell_text(x["assignments"]) if x else NOTHING for x in leaders]),
        Row("its P(best)", [percent(_p(one.study)) for one in found]),
        Row("entropy, bits", [number(x.get("entropy_bits"), 3) for x in summaries]),
        Row("bits learnt", [number(x.get("information_bits"), 3) for x in summaries]),
    ]


def _best(one: _One) -> str:
    points = one.results.points
    return f"{one.study.metric} {number(points[-1].best)}" if points else NOTHING


def _parameter_rows(studies: Sequence[StudyView]) -> list[Row]:
    names = list(dict.fromkeys(p["name"] for study in studies for p in study.parameters))
    return [Row(name, [_levels(study, name) for study in studies]) for name in names]


def _metrics(study: StudyView) -> str:
    goals = {one["name"]: one.get("goal") for one in study.definition["metrics"]}
    return ", ".join(f"{name}, to {goal}" if goal else name for name, goal in goals.items())


def _levels(study: StudyView, name: str) -> str:
    found = next((p for p in study.parameters if p["name"] == name), None)
    if found is None:
        return "not searched"
    scale = "categories" if found["kind"] == "categorical" else f"{found['scale']} scale"
    return f"{_short([level(value) for value in found['values']])}; {scale}"


def _short(values: Sequence[str], most: int = 8) -> str:
    if len(values) <= most:
        return ", ".join(values)
    return f"{', '.join(values[:3])}, …, {values[-1]} ({len(values)} levels)"


def _row(name: str, studies: Sequence[StudyView]) -> Row:
    return Row(name, [_said(study.definition.get(name)) for study in studies])


def _said(value: Any) -> str:
    if value in (None, {}, []):
        return "default"
    if isinstance(value, Mapping):
        return _shortened("; ".join(f"{k} {_said(v)}" for k, v in value.items()))
    if isinstance(value, list):
        return _shortened(", ".join(_said(one) for one in value))
    return str(value) if isinstance(value, str) else json.dumps(value)


def _shortened(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
