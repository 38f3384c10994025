"""Which trials a page, its chart and its file show, as their address says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.datastructures import QueryParams

from beliefgrid import search
from beliefgrid.actions import crowds
from beliefgrid.actions.states import TRIAL_STATES
from beliefgrid.dashboard.numbers import address_level
from beliefgrid.dashboard.view import FIXED, values_of

MOST_CELLS = 1000
SORTS = ("-number", "number", "value", "-value")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which trials are listed, and in which order."""

    state: str | None
    worker: str | None
    sort: str
    low: float | None = None
    high: float | None = None
    levels: tuple[tuple[str, Any], ...] = ()
    cells: tuple[int, ...] = ()

    @property
    def chosen(self) -> crowds.Chosen:
        """Which trials these are, in whatever order."""
        return crowds.Chosen(self.state, self.worker, self.low, self.high, self.levels, self.cells)

    @property
    def is_narrow(self) -> bool:
        """Whether some trials are left out."""
        return self.chosen != crowds.EVERY

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the filter as the query of an address; the usual order is left out."""
        sort = self.sort if self.sort != SORTS[0] else None
        fixed = {FIXED + name: address_level(value) for name, value in self.levels}
        ends = {"low": self.low, "high": self.high}
        return {"state": self.state, "worker": self.worker, "sort": sort} | ends | fixed | changes


def filter_of(query: QueryParams, parameters: Sequence[Mapping[str, Any]]) -> Filter:
    """Return the filter that an address asks for; what makes no sense is left out."""
    state, sort = query.get("state"), query.get("sort")
    levels = values_of(_fixed(query), parameters)
    return Filter(
        state=state if state in TRIAL_STATES else None,
        worker=query.get("worker") or None,
        sort=sort if sort in SORTS else SORTS[0],
        low=_number(query.get("low", "")),
        high=_number(query.get("high", "")),
        levels=tuple(levels.items()),
        cells=cells_with(levels, parameters) if levels else (),
    )


def cells_with(
    levels: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]
) -> tuple[int, ...]:
    """Return the cells that have some levels; none where they are too many to name."""
    grid = search.Grid.from_definition(list(parameters))
    axes = [
        [one.values.index(levels[one.name])] if one.name in levels else range(len(one.values))
        for one in grid.parameters
    ]
    if math.prod(map(len, axes)) > MOST_CELLS or not grid.is_written_out:
        return ()
    places = np.meshgrid(*axes, indexing="ij")
    found: list[int] = np.ravel_multi_index(places, grid.shape).ravel().tolist()
    return tuple(found)


def _fixed(query: QueryParams) -> dict[str, str]:
    given = {name: text for name, text in query.items() if name.startswith(FIXED) and text}
    return {name.removeprefix(FIXED): text for name, text in given.items()}


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
