"""Parameters that matter only where another one has a certain value.

Where a parameter does not matter, cells that differ in it alone are one and the same
combination. The one at its middle level stands for all of them, so that the model sees no
distance between them, and the least to those where it matters; the others are excluded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Bools, Ints
from beliefgrid.search.errors import (
    ConditionCircularError,
    ConditionParameterUnknownError,
    ConditionValueUnknownError,
)
from beliefgrid.search.parameters import Parameter, key


@dataclass(frozen=True, eq=False)
class Condition:
    """One axis matters only where another one is at some of its levels."""

    axis: int
    other: int
    levels: Bools  # (levels of the other,)


@dataclass(frozen=True, eq=False)
class Conditions:
    """All conditions of a grid, those of an axis after those of the axes it depends on."""

    conditions: tuple[Condition, ...]
    middle: tuple[int, ...]  # per axis: the level that stands for all where it does not matter

    @classmethod
    def of(cls, parameters: Sequence[Parameter]) -> "Conditions":
        """Return the conditions that parameters state.

        Raises:
            ConditionParameterUnknownError, ConditionValueUnknownError, ConditionCircularError.
        """
        places = {parameter.name: axis for axis, parameter in enumerate(parameters)}
        found = [
            Condition(axis, *_levels_of(parameter, name, values, places, parameters))
            for axis, parameter in enumerate(parameters)
            for name, values in parameter.when
        ]
        order = _order(found, parameters)
        found.sort(key=lambda condition: order[condition.axis])
        middle = tuple(
            int(np.argsort(parameter.ranks(), kind="stable")[(len(parameter.values) - 1) // 2])
            for parameter in parameters
        )
        return cls(tuple(found), middle)

    def matter(self, levels: Sequence[Any]) -> dict[int, Any]:
        """Return for each axis with a condition whether it matters at levels of all axes."""
        found: dict[int, Any] = {}
        for condition in self.conditions:
            holds = condition.levels[levels[condition.other]]
            if condition.other in found:
                holds = holds & found[condition.other]
            found[condition.axis] = found.get(condition.axis, True) & holds
        return found

    def allow(self, levels: Sequence[Ints]) -> Bools:
        """Return whether cells stand for themselves; levels of all axes are broadcast."""
        allowed = np.ones(np.broadcast_shapes(*(level.shape for level in levels)), dtype=np.bool_)
        for axis, matters in self.matter(levels).items():
            allowed &= matters | (levels[axis] == self.middle[axis])
        return allowed

    def ignored(self, levels: Sequence[int]) -> set[int]:
        """Return the axes that do not matter in one cell."""
        return {axis for axis, matters in self.matter(levels).items() if not matters}


def _levels_of(
    parameter: Parameter,
    name: str,
    values: tuple[Any, ...],
    places: Mapping[str, int],
    parameters: Sequence[Parameter],
) -> tuple[int, Bools]:
    if name not in places:
        raise ConditionParameterUnknownError(
            f"parameter {parameter.name!r} depends on {name[:60]!r}, which is no parameter"
        )
    other = places[name]
    known = [key(value) for value in parameters[other].values]
    wanted = [key(value) for value in values]
    missing = next((value for value in wanted if value not in known), None)
    if missing is not None:
        raise ConditionValueUnknownError(
            f"parameter {parameter.name!r} depends on {name!r} being {missing[1]!r}, which is not "
            "one of its values"
        )
    return other, np.array([value in wanted for value in known], dtype=np.bool_)


def _order(conditions: list[Condition], parameters: Sequence[Parameter]) -> dict[int, int]:
    """Return how many steps each axis is from axes without a condition."""
    depth = dict.fromkeys(range(len(parameters)), 0)
    for _ in parameters:
        is_settled = True
        for condition in conditions:
            if depth[condition.axis] <= depth[condition.other]:
                depth[condition.axis] = depth[condition.other] + 1
                is_settled = False
        if is_settled:
            return depth
    around = max(conditions, key=lambda condition: depth[condition.axis]).axis
    raise ConditionCircularError(
        f"parameter {parameters[around].name!r} depends on itself, by way of others or directly"
    )
