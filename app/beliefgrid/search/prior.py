"""The prior: belief, before any data, about which cell is the best one.

A user gives weights; they become probabilities, and a small share of them is spread evenly
over the grid, so that no cell is ever ruled out by belief alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Ints
from beliefgrid.search.errors import (
    PriorInvalidError,
    PriorNegativeError,
    PriorShapeError,
    PriorTooLargeError,
    PriorZeroError,
)
from beliefgrid.search.grid import Grid

MAX_CONFIDENCE = 0.95  # at least 5 % stay uniform


@dataclass(frozen=True, eq=False)
class Prior:
    """Probabilities over cells."""

    weights: Floats  # (G,) sums to 1, positive in every cell that is searched
    is_uniform: bool
    axes: tuple[Floats, ...] = ()  # shares per axis, of a grid that is not written out
    confidence: float = 0.0  # of `axes`; the rest is uniform
    own: Floats | None = None  # (G,) as the user gave it, before a share was spread evenly

    @classmethod
    def uniform(cls, grid: Grid) -> "Prior":
        """Return the prior that knows nothing."""
        return cls(np.full(grid.n_cells, 1.0 / grid.n_cells), is_uniform=True)

    @classmethod
    def from_definition(cls, grid: Grid, definition: Mapping[str, Any] | None) -> "Prior":
        """Return the prior of a study: {axes}, {table} or {cells}, each with a `confidence`.

        Raises:
            PriorInvalidError: it is none of the three, or its confidence is not in 0..1.
            PriorShapeError, PriorNegativeError, PriorZeroError: its weights cannot be used.
        """
        if not definition:
            return cls.uniform(grid)
        if not isinstance(definition, Mapping):
            raise PriorInvalidError(f"expected an object, got {_short(definition)}")
        readers = {"axes": _from_axes, "table": _from_table, "cells": _from_cells}
        given = [name for name in readers if definition.get(name) is not None]
        if len(given) != 1:
            raise PriorInvalidError(
                f"expected exactly one of axes, table, cells, got {', '.join(given) or 'none'}"
            )
        confidence = _confidence(definition.get("confidence"))
        own = _normalised(readers[given[0]](grid, definition[given[0]]))
        mixed = confidence * own + (1 - confidence) / grid.n_cells
        return cls(mixed / mixed.sum(), is_uniform=False, own=own)

    @classmethod
    def lazy(cls, grid: Grid, definition: Mapping[str, Any] | None) -> "Prior":
        """Return the prior of a grid that is too large to be written out: uniform, or per axis.

        Raises:
            PriorTooLargeError: it is a table, or a list of cells.
        """
        if not definition:
            return cls(np.zeros(0), is_uniform=True)
        if not isinstance(definition.get("axes"), Mapping):
            raise PriorTooLargeError(
                f"a prior over {grid.n_cells:,} cells can only be given as `axes`"
            )
        shares = [np.full(size, 1.0 / size) for size in grid.shape]
        for name, given in definition["axes"].items():
            axis = grid.axis(name)
            weights = _numbers(given, (grid.shape[axis],), f"axis {name!r}")
            shares[axis] = _normalised(weights)
        confidence = _confidence(definition.get("confidence"))
        return cls(np.zeros(0), is_uniform=False, axes=tuple(shares), confidence=confidence)

    def relative(self, rows: Ints) -> Floats:
        """Return the weights of cells over those of a uniform prior; rows (m, d) are levels."""
        return self.confidence * self.own_relative(rows) + (1 - self.confidence)

    def own_relative(self, rows: Ints) -> Floats:
        """Return the same as the user gave it, before a share was spread evenly."""
        ratio = np.ones(len(rows))
        for axis, share in enumerate(self.axes):
            ratio *= len(share) * share[rows[:, axis]]
        return ratio

    def along(self, grid: Grid, axes: list[int]) -> Floats:
        """Return sums over all axes but some, of a grid that is not written out."""
        product = np.ones(())
        for axis in axes:
            even = np.full(grid.shape[axis], 1 / grid.shape[axis])
            product = product[..., None] * (self.axes[axis] if self.axes else even)
        confidence = self.confidence if self.axes else 1.0
        return np.asarray(confidence * product + (1 - confidence) / product.size)

    def without(self, excluded: Bools) -> "Prior":
        """Return the prior with nothing in excluded cells."""
        weights = np.where(excluded, 0.0, self.weights)
        return replace(self, weights=weights / weights.sum())

    @cached_property
    def log_weights(self) -> Floats:
        """Log of the weights over those of a uniform prior, 0 in excluded cells, (G,)."""
        is_held = self.weights > 0
        relative = np.where(is_held, self.weights * np.count_nonzero(is_held), 1.0)
        return np.log(relative)


def _confidence(given: Any) -> float:
    if given is None:
        return MAX_CONFIDENCE
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise PriorInvalidError(f"expected a confidence from 0 to 1, got {_short(given)}")
    return min(float(given), MAX_CONFIDENCE)


def _from_axes(grid: Grid, axes: Any) -> Floats:
    """Return the product of weights per axis; axes that are not named are uniform."""
    if not isinstance(axes, Mapping):
        raise PriorInvalidError(f"expected axes as {{name: [weights]}}, got {_short(axes)}")
    table = np.ones(grid.shape)
    for name, given in axes.items():
        axis = grid.axis(name)
        weights = _numbers(given, (grid.shape[axis],), f"axis {name!r}")
        _normalised(weights)  # an axis of zeros is refused by name, not as a whole table of zeros
        shape = [1] * len(grid.shape)
        shape[axis] = -1
        table = table * weights.reshape(shape)
    return table.ravel()


def _from_table(grid: Grid, table: Any) -> Floats:
    flat = isinstance(table, Sequence) and not isinstance(table[:1], str) and len(table) > 0
    is_flat = flat and not isinstance(table[0], Sequence)
    shape = (grid.n_cells,) if is_flat else grid.shape
    return _numbers(table, shape, "table").ravel()


def _from_cells(grid: Grid, cells: Any) -> Floats:
    """Return weights for some cells; a cell that is not listed weighs nothing."""
    if not isinstance(cells, Sequence) or isinstance(cells, str):
        raise PriorInvalidError(f"expected cells as [{{assignments, weight}}], got {_short(cells)}")
    weights = np.zeros(grid.n_cells)
    for entry in cells:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("assignments"), Mapping):
            raise PriorInvalidError(f"expected {{assignments, weight}}, got {_short(entry)}")
        cell = grid.cell(entry["assignments"])
        if cell is None:
            raise PriorInvalidError(
                f"expected a combination on the grid, got {_short(dict(entry['assignments']))}"
            )
        weights[cell] += _numbers([entry.get("weight", 1.0)], (1,), "cells")[0]
    return weights


def _numbers(given: Any, shape: tuple[int, ...], what: str) -> Floats:
    try:
        weights = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise PriorShapeError(
            f"prior of {what}: expected numbers of the shape {shape}, got {_short(given)}"
        ) from error
    if weights.shape != shape:
        raise PriorShapeError(f"prior of {what}: expected the shape {shape}, got {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        worst = weights[~(np.isfinite(weights) & (weights >= 0))][0]
        raise PriorNegativeError(
            f"prior of {what}: expected finite weights from 0 on, got {worst:g}"
        )
    return weights


def _normalised(weights: Floats) -> Floats:
    highest = weights.max()
    if not highest > 0:
        raise PriorZeroError("expected at least one prior weight above 0, got only zeros")
    scaled = weights / highest  # the sum of huge weights may overflow
    return np.asarray(scaled / scaled.sum())


def _short(value: object) -> str:
    return repr(value)[:60]
