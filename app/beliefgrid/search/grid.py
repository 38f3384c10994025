"""The grid: every combination of levels, numbered.

Cell c is a tuple of levels in C order: the last parameter runs fastest. Numbers of cells are
Python integers, so that a grid may be larger than an array.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Ints
from beliefgrid.search.conditions import Conditions
from beliefgrid.search.errors import (
    AssignmentMissingError,
    AssignmentUnknownError,
    AxisUnknownError,
    CellUnknownError,
    ParameterNameDuplicateError,
    ParametersMissingError,
    ParametersTooManyError,
)
from beliefgrid.search.parameters import Parameter, Value, key

MAX_WRITTEN_OUT = 1_000_000  # cells that the engine holds one by one
MAX_PARAMETERS = 64  # an array has no more axes


@dataclass(frozen=True)
class Grid:
    """A finite search space; cell c is the c-th combination, last parameter fastest."""

    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        if not self.parameters:
            raise ParametersMissingError("expected at least one parameter, got none")
        if len(self.parameters) > MAX_PARAMETERS:
            raise ParametersTooManyError(
                f"expected at most {MAX_PARAMETERS} parameters, got {len(self.parameters)}"
            )
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ParameterNameDuplicateError(
                f"expected parameters of different names, got {twice!r} twice"
            )

    @classmethod
    def from_definition(cls, parameters: Iterable[Mapping[str, Any]]) -> "Grid":
        """Return the grid of a study's `parameters`."""
        grid = cls(tuple(Parameter.from_definition(parameter) for parameter in parameters))
        _ = grid.conditions  # it is read here, so that a bad one is refused with the parameters
        return grid

    def to_definition(self) -> list[dict[str, Any]]:
        """Return the `parameters` of a study, with every level listed."""
        return [parameter.to_definition() for parameter in self.parameters]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The number of levels of each axis."""
        return tuple(len(parameter.values) for parameter in self.parameters)

    @cached_property
    def n_cells(self) -> int:
        """The number of combinations."""
        return math.prod(self.shape)

    @property
    def is_written_out(self) -> bool:
        """Whether the engine holds a number for every cell; of a larger grid for some."""
        return self.n_cells <= MAX_WRITTEN_OUT

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """How many cells one step along each axis is."""
        return tuple(math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape)))

    @cached_property
    def conditions(self) -> Conditions:
        """Which parameters matter only where others have certain values."""
        return Conditions.of(self.parameters)

    @cached_property
    def _levels_of(self) -> tuple[dict[tuple[bool, Value], int], ...]:
        return tuple(
            {key(value): level for level, value in enumerate(parameter.values)}
            for parameter in self.parameters
        )

    def cell(self, assignments: Mapping[str, Any]) -> int | None:
        """Return the number of a combination, None if one of its values is not a level.

        A parameter that does not matter there may be absent, and its value is not looked at.

        Raises:
            AssignmentMissingError, AssignmentUnknownError: not exactly the grid's parameters.
        """
        levels = [
            of.get(key(value))
            if isinstance(value := assignments.get(parameter.name), int | float | str)
            else None
            for parameter, of in zip(self.parameters, self._levels_of, strict=True)
        ]
        ignored: set[int] = set()
        if self.conditions.conditions:
            middle = self.conditions.middle
            known = [middle[axis] if level is None else level for axis, level in enumerate(levels)]
            ignored = self.conditions.ignored(known)
        self._check_names(assignments, ignored)
        cell = 0
        for axis, (level, stride) in enumerate(zip(levels, self.strides, strict=True)):
            found = self.conditions.middle[axis] if axis in ignored else level
            if found is None:
                return None
            cell += found * stride
        return cell

    def _check_names(self, assignments: Mapping[str, Any], ignored: set[int]) -> None:
        names = {parameter.name for parameter in self.parameters}
        missing = [
            parameter.name
            for axis, parameter in enumerate(self.parameters)
            if parameter.name not in assignments and axis not in ignored
        ]
        if missing:
            raise AssignmentMissingError(
                f"expected a value for each of {self._names()}; got none for "
                f"{', '.join(map(repr, sorted(missing)))}"
            )
        unknown = [str(name) for name in assignments if name not in names]
        if unknown:
            raise AssignmentUnknownError(
                f"expected values for {self._names()} only, got one for {unknown[0][:60]!r}"
            )

    def levels(self, cell: int) -> tuple[int, ...]:
        """Return the level of each axis in a cell."""
        self.check_cell(cell)
        return tuple(
            cell // stride % size for size, stride in zip(self.shape, self.strides, strict=True)
        )

    def assignments(self, cell: int) -> dict[str, Value]:
        """Return a cell's values by name, as the user gave them, of the parameters that matter."""
        levels = self.levels(cell)
        ignored = self.conditions.ignored(levels) if self.conditions.conditions else ()
        return {
            parameter.name: parameter.values[levels[axis]]
            for axis, parameter in enumerate(self.parameters)
            if axis not in ignored
        }

    def display_order(self, axis: int) -> Ints:
        """Return the levels of an axis in the order of a screen: ordered ones ascending."""
        return self._orders[axis]

    @cached_property
    def _orders(self) -> tuple[Ints, ...]:
        return tuple(np.argsort(one.ranks(), kind="stable") for one in self.parameters)

    def axis(self, name: str) -> int:
        """Return which axis a parameter is.

        Raises:
            AxisUnknownError: there is none of that name.
        """
        for axis, parameter in enumerate(self.parameters):
            if parameter.name == name:
                return axis
        raise AxisUnknownError(f"expected one of {self._names()}, got {str(name)[:60]!r}")

    def check_cell(self, cell: int) -> None:
        """Refuse a number that is no cell.

        Raises:
            CellUnknownError: it lies outside the grid.
        """
        if not 0 <= cell < self.n_cells:
            raise CellUnknownError(f"expected a cell from 0 to {self.n_cells - 1:,}, got {cell:,}")

    def _names(self) -> str:
        return ", ".join(parameter.name for parameter in self.parameters)
