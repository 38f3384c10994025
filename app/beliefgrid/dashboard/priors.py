"""Priors as people give them: weights per level, a table as CSV, a painting of two axes."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.numbers import find_level

MOST_TABLE_CELLS = 20_000  # a prior of a larger grid is given per parameter
MOST_PAINTED = 4_096
MOST_INPUTS = 24  # levels that have a field each; more share one
WEIGHT = "weight"
DIGITS = 6
Field = NDArray[np.float64]


def by_axes(
    sent: Mapping[str, str], parameters: Sequence[Mapping[str, Any]]
) -> dict[str, list[float]]:
    """Return the weights of a form, by parameter; of `w.0.2` the second parameter is meant.

    Raises:
        FormError: a weight is no number from 0 on; the message names it.
    """
    return {
        parameter["name"]: _axis(sent, axis, parameter) for axis, parameter in enumerate(parameters)
    }


def _axis(sent: Mapping[str, str], axis: int, parameter: Mapping[str, Any]) -> list[float]:
    name, levels = parameter["name"], parameter["values"]
    if len(levels) > MOST_INPUTS:
        words = [word for word in sent.get(f"w.{axis}", "").replace(",", " ").split() if word]
        if words and len(words) != len(levels):
            raise FormError(
                f"{name} has {len(levels)} levels, and {len(words)} weights were given."
            )
        return [weight(word, name) for word in words] or [1.0] * len(levels)
    return [weight(sent.get(f"w.{axis}.{i}", "1") or "0", name) for i in range(len(levels))]


def weight(word: str, what: str) -> float:
    """Return a typed weight.

    Raises:
        FormError: it is no number from 0 on.
    """
    try:
        value = float(word)
    except ValueError as error:
        raise FormError(
            f"A weight of {what} must be a number, and {word[:40]!r} is none."
        ) from error
    if not (math.isfinite(value) and value >= 0):
        raise FormError(f"A weight of {what} must be 0 or more, and {word[:40]!r} is not.")
    return value


def from_csv(text: str, grid: search.Grid) -> list[float]:
    """Return a table of weights over all cells from rows with the parameters' names on top.

    A parameter without a column stands for all its levels; cells in no row weigh nothing.

    Raises:
        FormError: the text cannot be read; the message names the line.
    """
    _check_size(grid)
    rows = list(csv.reader(text.strip().splitlines(), skipinitialspace=True))
    names = [parameter.name for parameter in grid.parameters]
    head = [word.strip() for word in rows[0]] if rows else []
    unknown = [name for name in head if name not in (*names, WEIGHT)]
    if WEIGHT not in head or len(head) < 2 or unknown or len(set(head)) != len(head):  # noqa: PLR2004 - a parameter and the weight
        raise FormError(
            f"The first line must name parameters and `{WEIGHT}`: {', '.join([*names, WEIGHT])}."
        )
    table = np.zeros(grid.shape)
    for line, row in enumerate(rows[1:], 2):
        if not any(word.strip() for word in row):
            continue
        if len(row) != len(head):
            raise FormError(f"Line {line} has {len(row)} fields, and the first line {len(head)}.")
        said = dict(zip(head, (word.strip() for word in row), strict=True))
        table[_where(grid, said, line)] = weight(said[WEIGHT], f"line {line}")
    return _listed(table)


def _where(grid: search.Grid, said: Mapping[str, str], line: int) -> tuple[Any, ...]:
    found: list[Any] = []
    for parameter in grid.parameters:
        if parameter.name not in said:
            found.append(slice(None))
            continue
        at = find_level(parameter.values, said[parameter.name])
        if at is None:
            raise FormError(
                f"Line {line}: {said[parameter.name][:40]!r} is no level of {parameter.name}."
            )
        found.append(at)
    return tuple(found)


def from_painting(text: str, grid: search.Grid) -> list[float]:
    """Return a table of weights from what the painter sends: {x, y, weights}, in display order.

    The other parameters are left even.

    Raises:
        FormError: it is no painting of this grid.
    """
    _check_size(grid)
    try:
        said = json.loads(text)
        painted = np.array(said["weights"], dtype=np.float64)
        axes = [grid.axis(said[name]) for name in ("y", "x") if said.get(name)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormError("Nothing was painted yet: paint on the map first.") from error
    shape = tuple(grid.shape[axis] for axis in axes)
    if painted.size > MOST_PAINTED or painted.reshape(-1).size != math.prod(shape):
        raise FormError("The painting does not fit the grid; load the page again.")
    if len(set(axes)) != len(axes) or not np.isfinite(painted).all() or (painted < 0).any():
        raise FormError("The painting cannot be used; load the page again.")
    return _listed(_spread(grid, painted.reshape(shape), axes))


def _spread(grid: search.Grid, painted: Field, axes: list[int]) -> Field:
    """Return weights over all cells from those over some axes, given in display order."""
    ordered = painted
    for k, axis in enumerate(axes):
        ordered = np.take(ordered, np.argsort(grid.display_order(axis)), axis=k)
    if axes != sorted(axes):
        ordered = ordered.T
    shape = [size if axis in axes else 1 for axis, size in enumerate(grid.shape)]
    return np.broadcast_to(ordered.reshape(shape), grid.shape)


def confidence_of(text: str) -> float | None:
    """Return a typed confidence, in per cent, as a share; None if nothing was typed.

    Raises:
        FormError: it is no number from 0 to 100.
    """
    if not text.strip():
        return None
    share = weight(text.strip().removesuffix("%"), "confidence") / 100
    if share > 1:
        raise FormError("The confidence must be from 0 to 100 %.")
    return share


def marginals(grid: search.Grid, field: Field) -> list[list[float]]:
    """Return the shares of each parameter's levels, as listed in the grid."""
    cube = field.reshape(grid.shape)
    axes = range(len(grid.shape))
    return [cube.sum(axis=tuple(a for a in axes if a != axis)).tolist() for axis in axes]


def _check_size(grid: search.Grid) -> None:
    if grid.n_cells > MOST_TABLE_CELLS:
        raise FormError(
            f"A table is for at most {MOST_TABLE_CELLS:,} cells, and this grid has "
            f"{grid.n_cells:,}; give weights per parameter."
        )


def _listed(table: Field) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in table.ravel().tolist()]
