"""Strategies: grid, random and this search side by side on one grid; the paper's Figure 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid import search
from beliefgrid.actions import read
from beliefgrid.actions.compute import ComputeError
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import charts, layout, race
from beliefgrid.dashboard.layers import LAYERS
from beliefgrid.dashboard.lines import LineChart, LineData, line_chart
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.maps import Panel, panel_of
from beliefgrid.dashboard.numbers import count, number
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.sketch import Series

router = APIRouter()
QUESTIONS = ("Is this search worth it?", "What would grid or random search have found by now?")
MOST_STEPS = 400
RANDOM_SEED = 0
HALF = 0.5


@dataclass(frozen=True, slots=True)
class StrategiesPage(PageContext):
    """Three strategies on one grid."""

    template: ClassVar[str] = "pages/strategies.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    chart: LineChart | None
    x: str
    y: str | None
    panels: Sequence[Panel]
    note: str
    empty: str


@dataclass(frozen=True, slots=True)
class Race:
    """What each strategy has after each trial, in the metric's own units."""

    own: Sequence[int]
    grid: Sequence[int]
    random: Sequence[int]
    worth: race.Values
    sign: float
    is_exact: bool

    @property
    def n(self) -> int:
        """How many trials are compared."""
        return len(self.own)

    def series(self) -> list[Series]:
        """Return the three lines."""
        return [
            Series("this search", "step", self._line(race.best_after(self.worth, self.own))),
            Series("random, expected", "line-2", self._line(self.expected())),
            Series("grid, in order", "step-3", self._line(race.best_after(self.worth, self.grid))),
        ]

    def expected(self) -> race.Values:
        """Return the exact expectation of random search without replacement."""
        return race.expected_random(self.worth, self.n)

    def _line(self, best: race.Values) -> list[tuple[float, float]]:
        return [(float(k), self.sign * float(value)) for k, value in enumerate(best, 1)]


@router.get("/studies/{study_id}/strategies")
async def strategies(request: Request, study_id: str) -> Response:
    """Compare this search with grid and random search."""
    study, found, problem = await _race(request, study_id)
    return respond(request, _page(request, study, found, problem))


@router.get("/studies/{study_id}/charts/strategies")
async def lines(request: Request, study_id: str) -> Response:
    """Return the lines for their chart."""
    study, found, _ = await _race(request, study_id)
    return charts.feed(request, _data(study, found).to_json())


async def _race(request: Request, study_id: str) -> tuple[StudyView, Race | None, str]:
    service = request.app.state.service
    study, known = await service.read(_read, study_id)
    if known is None or not known["cells"]:
        return study, None, ""
    try:
        layers, _ = await service.beliefs.layers(study_id, ("mean",), known["seq"])
    except (ActionError, ComputeError, search.SearchError) as error:
        return study, None, str(error)
    return study, _compared(study, known, layers["mean"]), ""


def _read(c: Connection, study_id: str) -> tuple[StudyView, Mapping[str, Any] | None]:
    study, snapshot = read.study(c, study_id), charts.newest(c, study_id)
    if snapshot is None or not is_same_grid(c, study_id, snapshot.revision, study.revision):
        return study, None
    return study, charts.known(c, study, snapshot)


def _compared(study: StudyView, known: Mapping[str, Any], mean: Any) -> Race:
    """Return the comparison: every strategy is judged by the same predicted values."""
    sign = -1.0 if study.goal == "maximize" else 1.0
    own = known["cells"][:MOST_STEPS]
    worth = sign * np.asarray(mean, dtype=np.float64)
    worth = np.where(np.isfinite(worth), worth, np.nanmax(worth))
    return Race(
        own=own,
        grid=list(range(len(own))),
        random=race.random_order(study.n_cells, len(own), RANDOM_SEED),
        worth=worth,
        sign=sign,
        is_exact=len(set(known["cells"])) == study.n_cells,
    )


def _data(study: StudyView, found: Race | None) -> LineData:
    series = found.series() if found else []
    return LineData("cells tested", f"best {study.metric} so far", series)


def _page(request: Request, study: StudyView, found: Race | None, problem: str) -> StrategiesPage:
    links = links_of(request)
    feed = links.study(study.id, "charts/strategies")
    caption = "The best cell found after each test, by its predicted value."
    empty = problem or "No result yet: the comparison begins with the first one."
    return StrategiesPage(
        frame=layout.frame(request, f"Strategies · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "strategies", title="Strategies"),
        lead=Lead(_sentence(study, found), QUESTIONS),
        chart=line_chart("strategies", feed, _data(study, found), caption=caption)
        if found
        else None,
        x=study.parameters[0]["name"],
        y=study.parameters[1]["name"] if len(study.parameters) > 1 else None,
        panels=_panels(study, found) if found else [],
        note=_note(found) if found else "",
        empty=empty,
    )


def _sentence(study: StudyView, found: Race | None) -> str:
    if found is None:
        return "Three ways to search one grid, compared from the first result on."
    best = float(race.best_after(found.worth, found.own)[-1])
    good = int((found.worth <= best + 1e-12 * abs(best)).sum())
    draws = race.draws_for(study.n_cells, good, HALF)
    by_now = number(found.sign * float(found.expected()[-1]))
    mine = f"After {count(found.n, 'cell')} this search has {study.metric} "
    return (
        f"{mine}{number(found.sign * best)}; random search would be expected at {by_now} by now, "
        f"and half of all random searches need {count(draws, 'cell')} to get here."
    )


def _note(found: Race) -> str:
    if found.is_exact:
        return (
            "Every cell of this grid has its result, so this is no simulation: each strategy is "
            "judged by what the cells really gave, smoothed by the model."
        )
    return (
        "Simulated on the posterior: untested cells count with the value that the model predicts "
        f"for them after {count(found.n, 'result')}, for all three strategies alike. The random "
        "line is the exact expectation over all orders without repeats, not one lucky run."
    )


def _panels(study: StudyView, found: Race) -> list[Panel]:
    """Return the three maps of the paper's figure: where each strategy has looked."""
    grid = search.Grid.from_definition(study.parameters)
    layer, field = LAYERS["mean"], found.sign * found.worth
    best = int(np.argmin(found.worth))
    names = (
        ("Grid search", found.grid),
        ("Random search", found.random),
        ("This search", found.own),
    )
    return [
        panel_of(study, grid, layer, field, title=name, cells=cells, best=best)
        for name, cells in names
    ]
