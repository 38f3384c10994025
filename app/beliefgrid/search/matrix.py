"""A field over all cells as a picture of one or two axes."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Floats, Reals
from beliefgrid.search.errors import (
    AxisUnknownError,
    FieldShapeError,
    LevelUnknownError,
    ReduceUnknownError,
)
from beliefgrid.search.grid import Grid
from beliefgrid.search.parameters import Value, key

REDUCES = ("sum", "max", "mean", "slice")
# A slice has one level left on each of the other axes, so a sum only drops the axes.
WHOLE: dict[str, Any] = {"sum": np.sum, "max": np.max, "mean": np.mean, "slice": np.sum}
WITH_GAPS: dict[str, Any] = {
    "sum": np.nansum,
    "max": np.nanmax,
    "mean": np.nanmean,
    "slice": np.nansum,
}


@dataclass(frozen=True, eq=False)
class Matrix:
    """`z[j, i]` belongs to `y_values[j]` and `x_values[i]`; without y it is one row."""

    x: str
    y: str | None
    x_values: tuple[Value, ...]
    y_values: tuple[Value, ...]
    z: Floats  # (ny, nx)
    reduce: str


def reduce_matrix(
    grid: Grid,
    field: Reals,
    *,
    x: str,
    y: str | None = None,
    reduce: str = "sum",
    at: Mapping[str, Any] | None = None,
) -> Matrix:
    """Return a field along x and y, in display order; the other axes are reduced.

    A slice is at the levels that `at` names, and at the first level of any other axis. Cells
    without a number (NaN) are left out of sums, means and maxima.

    Raises:
        AxisUnknownError, LevelUnknownError, ReduceUnknownError: there is no such picture.
        FieldShapeError: the field is of another grid.
    """
    check_reduce(reduce, x, y)
    if field.shape != (grid.n_cells,):
        raise FieldShapeError(f"expected {grid.n_cells:,} cells, got the shape {field.shape}")
    shown = [grid.axis(name) for name in (y, x) if name is not None]
    fixed = fixed_levels(grid, at or {})
    cube = np.asarray(field, dtype=np.float64).reshape(grid.shape)
    if reduce == "slice":
        for axis in reversed(range(len(grid.shape))):
            if axis not in shown:
                cube = cube.take([fixed.get(axis, 0)], axis=axis)
    others = tuple(axis for axis in range(len(grid.shape)) if axis not in shown)
    flat = _reduced(cube, others, reduce)
    flat = flat if shown == sorted(shown) else flat.T
    z = flat[np.ix_(*(grid.display_order(axis) for axis in shown))]
    return Matrix(x, y, shown_values(grid, x), shown_values(grid, y), np.atleast_2d(z), reduce)


def check_reduce(reduce: str, x: str, y: str | None) -> None:
    """Refuse a way to reduce that does not exist, and one axis twice."""
    if reduce not in REDUCES:
        raise ReduceUnknownError(f"expected {', '.join(REDUCES)}, got {str(reduce)[:60]!r}")
    if x == y:
        raise AxisUnknownError(f"expected two different axes, got {x!r} twice")


def _reduced(cube: Floats, others: tuple[int, ...], reduce: str) -> Floats:
    if not others:
        return cube
    is_missing = np.isnan(cube)
    if not is_missing.any():
        return np.asarray(WHOLE[reduce](cube, axis=others))
    with warnings.catch_warnings():  # numpy warns where nothing is left; NaN is the answer there
        warnings.simplefilter("ignore", RuntimeWarning)
        found = WITH_GAPS[reduce](cube, axis=others)
    return np.where(is_missing.all(axis=others), np.nan, found)


def fixed_levels(grid: Grid, at: Mapping[str, Any]) -> dict[int, int]:
    """Return the level of each axis that a slice is held at."""
    fixed = {}
    for name, value in at.items():
        axis = grid.axis(name)
        keys = [key(level) for level in grid.parameters[axis].values]
        if key(value) not in keys:
            raise LevelUnknownError(f"parameter {name!r} has no level {str(value)[:60]!r}")
        fixed[axis] = keys.index(key(value))
    return fixed


def shown_values(grid: Grid, name: str | None) -> tuple[Value, ...]:
    """Return the values along an axis in display order; none if there is no axis."""
    if name is None:
        return ()
    axis = grid.axis(name)
    return tuple(grid.parameters[axis].values[level] for level in grid.display_order(axis))
