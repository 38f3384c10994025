"""From the definition that a user sent to the one that is stored, and to the engine's problem."""

from functools import lru_cache
from typing import Any

from beliefgrid.actions.errors import MetricsError
from beliefgrid.search import Problem
from beliefgrid.storage.rows import AnyRow

DEFAULTS: dict[str, Any] = {
    "prior": None,
    "strategy": {},
    "noise": "some",
    "constraints": None,
    "budget": None,
    "stopping": None,
    "seed": 0,
}
MAX_ATTEMPTS = 3  # how often a cell may fail before it counts as infeasible


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



def problem_of(row: AnyRow) -> Problem:
    """Return the engine's view of a study's row."""
    return _problem(row.id, row.revision, _Held(row.definition))


class _Held:
    """A definition that the cache below does not look at: id and revision name it."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self.definition = definition

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=16)
def _problem(_study_id: str, _revision: int, held: _Held) -> Problem:
    return Problem.from_definition(held.definition)
