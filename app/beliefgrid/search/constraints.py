"""Which cells are searched: all but those that rules exclude.

    forbid   tables such as {"optimizer": "sgd", "rate": [1.0, 10.0]}: a cell that has one of the
             values of each parameter is excluded
    require  comparisons that must hold, as `block_x * block_y <= 1024`, or in three parts:
             {"left": "block_x", "op": "<=", "right": "limit"}

A cell in which a comparison cannot be computed, as in a division by zero, is excluded. A rule
that names a parameter which does not matter in a cell (see `conditions`) says nothing there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search import expressions
from beliefgrid.search.arrays import Bools, Ints
from beliefgrid.search.errors import (
    ConstraintKindError,
    ConstraintParameterUnknownError,
    ConstraintsInvalidError,
    ConstraintSyntaxError,
    ConstraintValueUnknownError,
)
from beliefgrid.search.expressions import COMPARE, Comparison, Constant, Name, Node
from beliefgrid.search.grid import Grid
from beliefgrid.search.parameters import key

FIELDS = ("forbid", "require")
PARTS = ("left", "op", "right")
MOST_RULES = 1_000
EQUALITIES = ("==", "!=")

Table = tuple[tuple[int, Bools], ...]  # axis, and which of its levels are in the table


@dataclass(frozen=True, eq=False)
class Constraints:
    """The rules of a study, read and checked."""

    grid: Grid
    forbidden: tuple[Table, ...] = ()
    required: tuple[Comparison, ...] = ()

    @classmethod
    def from_definition(cls, grid: Grid, given: Any) -> "Constraints":
        """Return the rules that a study's `constraints` state.

        Raises:
            SearchError: a rule cannot be used; each reason has its own code.
        """
        if given is None:
            return cls(grid)
        if not isinstance(given, Mapping) or not set(given) <= set(FIELDS):
            raise ConstraintsInvalidError(f"expected {{forbid, require}}, got {_short(given)}")
        return cls(
            grid,
            tuple(_table(grid, table) for table in _listed(given, "forbid")),
            tuple(_comparison(grid, rule) for rule in _listed(given, "require")),
        )

    @property
    def are_any(self) -> bool:
        """Whether anything may be excluded."""
        return bool(self.forbidden or self.required or self.grid.conditions.conditions)

    def allow(self, levels: Sequence[Ints]) -> Bools:
        """Return which cells are searched; levels of all axes are broadcast to one shape."""
        allowed = self.grid.conditions.allow(levels)
        matter = self.grid.conditions.matter(levels)
        for table in self.forbidden:
            is_in: Any = True
            for axis, listed in table:
                is_in = is_in & listed[levels[axis]] & matter.get(axis, True)
            allowed &= np.logical_not(is_in)
        for rule in self.required:
            holds = self._holds(rule, levels)
            for axis in _axes(self.grid, rule):
                holds = holds | ~np.asarray(matter.get(axis, True))
            allowed &= holds
        return allowed

    def mask(self) -> Bools:
        """Return which cells of the whole grid are searched, (G,)."""
        axes = np.ix_(*(np.arange(size) for size in self.grid.shape))
        return self.allow(axes).ravel()

    def _holds(self, rule: Comparison, levels: Sequence[Ints]) -> Bools:
        if _is_about_texts(self.grid, rule):
            is_same = self._same(rule, levels)
            return is_same if rule.sign == "==" else ~is_same
        values = {
            name: np.array(self.grid.parameters[axis].values, dtype=np.float64)[levels[axis]]
            for axis, name in (
                (axis, self.grid.parameters[axis].name) for axis in _axes(self.grid, rule)
            )
        }
        with np.errstate(all="ignore"):
            left = expressions.value_of(rule.left, values)
            right = expressions.value_of(rule.right, values)
            holds = COMPARE[rule.sign](left, right)
            return np.asarray(holds & np.isfinite(left) & np.isfinite(right))

    def _same(self, rule: Comparison, levels: Sequence[Ints]) -> Bools:
        """Return where two sides that are no numbers are the same."""
        pairs = np.array(
            [[a == b for b in _keys(self.grid, rule.right)] for a in _keys(self.grid, rule.left)]
        )
        return np.asarray(
            pairs[_place(self.grid, rule.left, levels), _place(self.grid, rule.right, levels)]
        )


# ---------------------------------------------------------------- tables
def _listed(given: Mapping[str, Any], field: str) -> list[Any]:
    rules = given.get(field) or []
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise ConstraintsInvalidError(
            f"{field}: expected a list of at most {MOST_RULES:,} rules, got {_short(rules)}"
        )
    return rules


def _table(grid: Grid, given: Any) -> Table:
    if not isinstance(given, Mapping) or not given:
        raise ConstraintsInvalidError(
            f"forbid: expected {{parameter: value or [values]}}, got {_short(given)}"
        )
    return tuple(_row(grid, name, values) for name, values in given.items())


def _row(grid: Grid, name: Any, values: Any) -> tuple[int, Bools]:
    axis = _axis(grid, name)
    known = [key(value) for value in grid.parameters[axis].values]
    listed = np.zeros(len(known), dtype=np.bool_)
    for value in values if isinstance(values, list | tuple) else [values]:
        is_value = isinstance(value, int | float | str)
        if not is_value or key(value) not in known:
            raise ConstraintValueUnknownError(
                f"forbid: parameter {name!r} has no value {_short(value)}"
            )
        listed[known.index(key(value))] = True
    return axis, listed


# ---------------------------------------------------------------- comparisons
def _comparison(grid: Grid, given: Any) -> Comparison:
    rule = expressions.comparison(given) if isinstance(given, str) else _from_parts(given)
    _axes(grid, rule)
    if _is_about_texts(grid, rule):
        sides = (rule.left, rule.right)
        if rule.sign not in EQUALITIES or not all(isinstance(s, Name | Constant) for s in sides):
            raise ConstraintKindError(
                f"require: texts and truth values can only be compared by == and !=, "
                f"got {_short(given)}"
            )
    return rule


def _from_parts(given: Any) -> Comparison:
    if not isinstance(given, Mapping) or set(given) != set(PARTS):
        raise ConstraintsInvalidError(
            f"require: expected a text as 'a * b <= 8' or {{left, op, right}}, got {_short(given)}"
        )
    if given["op"] not in COMPARE:
        raise ConstraintSyntaxError(
            f"expected one of {' '.join(COMPARE)}, got {_short(given['op'])}"
        )
    return Comparison(given["op"], _side(given["left"]), _side(given["right"]))


def _side(given: Any) -> Node:
    if isinstance(given, str):
        return expressions.formula(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ConstraintSyntaxError(f"expected a number or a formula, got {_short(given)}")
    return Constant(float(given))


def _axes(grid: Grid, rule: Comparison) -> list[int]:
    """Return the axes that a comparison names."""
    named = [*expressions.names(rule.left), *expressions.names(rule.right)]
    return sorted({_axis(grid, name) for name in named})


def _axis(grid: Grid, name: Any) -> int:
    for axis, parameter in enumerate(grid.parameters):
        if parameter.name == name:
            return axis
    raise ConstraintParameterUnknownError(
        f"expected one of {', '.join(p.name for p in grid.parameters)}, got {_short(name)}"
    )


def _is_about_texts(grid: Grid, rule: Comparison) -> bool:
    axes = _axes(grid, rule)
    values = [value for axis in axes for value in grid.parameters[axis].values]
    has_text = any(isinstance(value, str | bool) for value in values)
    return has_text or any(isinstance(leaf, str) for leaf in _constants(rule))


def _constants(rule: Comparison) -> Iterator[float | str]:
    waiting: list[Node] = [rule.left, rule.right]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Constant):
            yield node.value
        elif not isinstance(node, Name):
            waiting += [node.left, node.right]


def _keys(grid: Grid, side: Node) -> list[Any]:
    """Return all that one side may be."""
    if isinstance(side, Constant):
        return [(False, side.value)]
    assert isinstance(side, Name)  # noqa: S101 - checked when the rule was read
    return [key(value) for value in grid.parameters[_axis(grid, side.name)].values]


def _place(grid: Grid, side: Node, levels: Sequence[Ints]) -> Ints:
    """Return which of those it is."""
    if isinstance(side, Name):
        return levels[_axis(grid, side.name)]
    return np.zeros((), dtype=np.int64)


def _short(value: object) -> str:
    return repr(value)[:60]
