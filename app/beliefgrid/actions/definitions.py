"""From the definition that a user sent to the one that is stored, and to the engine's problem.

A revision of a definition never changes once it is stored, so those read last are kept: asks
and tells neither fetch nor parse them again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np
from sqlalchemy import Connection

from beliefgrid.actions.errors import MetricsError
from beliefgrid.search import Prior, Problem
from beliefgrid.storage import studies

T = TypeVar("T")
DEFAULTS: dict[str, Any] = {
    "prior": None,
    "strategy": {},
    "noise": "some",
    "constraints": None,
    "budget": None,
    "stopping": None,
    "seed": 0,
}
RETRIES = 2  # of a cell whose trials fail or whose workers vanish, before it counts as infeasible


def normalised(definition: dict[str, Any]) -> tuple[dict[str, Any], Problem]:
    """Return a definition with every value listed and every default filled in.

    Raises:
        SearchError: the engine cannot search this; each reason has its own code.
        MetricsError: not exactly one objective, or two metrics of one name.
    """
    full = DEFAULTS | {key: value for key, value in definition.items() if value is not None}
    full["metrics"] = _metrics(full.get("metrics") or [])
    problem = Problem.from_definition(full)
    full["parameters"] = problem.grid.to_definition()
    return full, problem


def _metrics(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [{"role": "objective", "goal": "minimize"} | metric for metric in metrics]
    names = [metric["name"] for metric in found]
    if len(set(names)) != len(names):
        raise MetricsError(f"expected metrics of different names, got {', '.join(names)}")
    objectives = [metric for metric in found if metric["role"] == "objective"]
    if len(objectives) != 1:
        raise MetricsError(
            f"expected exactly one metric with the role `objective`, got {len(objectives)}; give "
            "the others the role `record` or `constraint`"
        )
    return found


def definition_of(c: Connection, study_id: str, revision: int) -> dict[str, Any]:
    """Return a revision of a study's definition."""
    key = study_id, revision
    return _DEFINITIONS.get(key, lambda: studies.definition_at(c, study_id, revision))


def problem_of(c: Connection, study_id: str, revision: int) -> Problem:
    """Return the engine's view of a revision of a study, without its prior.

    The prior is as large as the grid, and asks and tells do not look at it.
    """

    def build() -> Problem:
        definition = definition_of(c, study_id, revision) | {"prior": None}
        return replace(Problem.from_definition(definition), prior=_NO_PRIOR)

    return _PROBLEMS.get((study_id, revision), build)


def forget() -> None:
    """Forget what was read: a transaction that stored a revision may have been undone."""
    _DEFINITIONS.clear()
    _PROBLEMS.clear()


class _Recent(Generic[T]):
    """What was read last, by study and revision; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[tuple[str, int], T] = OrderedDict()

    def get(self, key: tuple[str, int], read: Callable[[], T]) -> T:
        found = self._held.get(key)
        if found is None:
            found = read()
            with self._lock:
                self._held[key] = found
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
        return found

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


_DEFINITIONS: _Recent[dict[str, Any]] = _Recent(1024)
_PROBLEMS: _Recent[Problem] = _Recent(1024)
_NO_PRIOR = Prior(np.ones(1), is_uniform=True)
