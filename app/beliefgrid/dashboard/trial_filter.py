"""Which trials a page, its chart and its file show, as their address says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from beliefgrid.actions import crowds
from beliefgrid.actions.states import TRIAL_STATES
from beliefgrid.dashboard.numbers import address_level
from beliefgrid.dashboard.view import FIXED, values_of

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

    @property
    def chosen(self) -> crowds.Chosen:
        """Which trials these are, in whatever order."""
        return crowds.Chosen(self.state, self.worker, self.low, self.high, self.levels)

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
    return Filter(
        state=state if state in TRIAL_STATES else None,
        worker=query.get("worker") or None,
        sort=sort if sort in SORTS else SORTS[0],
        low=_number(query.get("low", "")),
        high=_number(query.get("high", "")),
        levels=tuple(values_of(_fixed(query), parameters).items()),
    )


def _fixed(query: QueryParams) -> dict[str, str]:
    given = {name: text for name, text in query.items() if name.startswith(FIXED) and text}
    return {name.removeprefix(FIXED): text for name, text in given.items()}


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
