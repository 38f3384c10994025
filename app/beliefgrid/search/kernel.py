"""The covariance of a grid is a Kronecker product of small matrices, one per axis.

All levels of all axes are kept in flat arrays, axis after axis, so that a kernel and its
gradients are a few array operations whatever the number of axes.

Notation: d axes with more than one level; n_a levels on axis a; E = sum of n_a^2.
    coordinates (n_a,)   u of each level of an axis
    distances   (E,)     |u_i - u_j| of an ordered axis, [i != j] of a categorical one
    kernels     (E,)     K_a of every axis, (1.1) to (1.3)
    lengthscale l_a, floor c_a: see `theta`
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Ints
from beliefgrid.search.factors import Covariances, Factors
from beliefgrid.search.grid import Grid

SQRT_5 = 5**0.5


@dataclass(frozen=True, eq=False)
class Space:
    """The axes of a grid that have more than one level, as the model sees them."""

    sizes: tuple[int, ...]  # (d,) levels of each axis
    is_ordered: Bools  # (d,)
    coordinates: tuple[Floats, ...]  # (n_a,) of each axis
    strides: tuple[int, ...]  # (d,) how many cells one step is
    n_levels: tuple[int, ...]  # (d,) what the axis has in all, if only some levels are left

    @classmethod
    def of(cls, grid: Grid) -> "Space":
        """Return the space of a grid."""
        active = [axis for axis, size in enumerate(grid.shape) if size > 1]
        return cls(
            sizes=tuple(grid.shape[axis] for axis in active),
            is_ordered=np.array([grid.parameters[a].is_ordered for a in active], dtype=np.bool_),
            coordinates=tuple(grid.parameters[axis].coordinates() for axis in active),
            strides=tuple(grid.strides[axis] for axis in active),
            n_levels=tuple(grid.shape[axis] for axis in active),
        )

    @property
    def n_axes(self) -> int:
        """The number d of axes with more than one level."""
        return len(self.sizes)

    @property
    def n_cells(self) -> int:
        """The number G of cells."""
        return prod(self.sizes)

    def correlations(
        self, log_lengthscales: Floats, floors: Floats, levels: Ints, dtype: type[np.floating]
    ) -> Covariances:
        """Return the correlation of all cells with some that are given by their levels."""
        return Factors(self.matrices(self.kernels(log_lengthscales, floors)), levels, dtype)

    @cached_property
    def distances(self) -> Floats:
        """How far apart any two levels of an axis are, (E,)."""
        pairs = zip(self.coordinates, self.is_ordered.tolist(), strict=True)
        apart = [distances(u, u, is_ordered=is_ordered).ravel() for u, is_ordered in pairs]
        return np.concatenate([np.zeros(0), *apart])

    @cached_property
    def starts(self) -> Ints:
        """Where each axis begins in a flat array, (d,)."""
        squares = np.array(self.sizes, dtype=np.int64) ** 2
        return np.cumsum(squares) - squares

    @cached_property
    def _axis_of(self) -> Ints:
        return np.repeat(np.arange(self.n_axes), np.array(self.sizes, dtype=np.int64) ** 2)

    @cached_property
    def _is_ordered_entry(self) -> Bools:
        return self.is_ordered[self._axis_of]

    def levels(self, cells: Ints) -> Ints:
        """Return the level of each axis in some cells, (N, d)."""
        columns = [
            cells // stride % size for size, stride in zip(self.sizes, self.strides, strict=True)
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((len(cells), 0), np.int64)

    def thinned(self, levels: Ints) -> tuple["Space", Ints]:
        """Return the space of only the levels that some cells have, and these cells' numbers."""
        used = [np.unique(column, return_inverse=True) for column in levels.T]
        sizes = tuple(len(kept) for kept, _ in used)
        strides = tuple(prod(sizes[axis + 1 :]) for axis in range(len(sizes)))
        coordinates = tuple(u[kept] for u, (kept, _) in zip(self.coordinates, used, strict=True))
        places = np.stack([place for _, place in used], axis=1)
        space = Space(sizes, self.is_ordered, coordinates, strides, self.n_levels)
        return space, np.asarray(places @ np.array(strides, dtype=np.int64))

    def base(self, log_lengthscales: Floats) -> tuple[Floats, Floats]:
        """Return the kernels without floors, and their derivatives by log l; both (E,)."""
        scaled = self.distances / np.exp(log_lengthscales)[self._axis_of]
        return without_floor(scaled, self._is_ordered_entry)

    def kernels(self, log_lengthscales: Floats, floors: Floats) -> Floats:
        """Return the kernel of every axis, (E,)."""
        floor = floors[self._axis_of]
        return floor + (1 - floor) * self.base(log_lengthscales)[0]  # (1.3)

    def kernels_and_gradients(
        self, log_lengthscales: Floats, floors: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return kernels and their derivatives by log l and logit c, (E,) each."""
        base, rates = self.base(log_lengthscales)
        floor = floors[self._axis_of]
        kernels = floor + (1 - floor) * base  # (1.3)
        return kernels, (1 - floor) * rates, floor * (1 - floor) * (1 - base)

    def matrices(self, flat: Floats) -> list[Floats]:
        """Return a flat array as one (n_a, n_a) matrix per axis."""
        return [
            flat[start : start + size * size].reshape(size, size)
            for start, size in zip(self.starts.tolist(), self.sizes, strict=True)
        ]

    def sum_by_axis(self, flat: Floats) -> Floats:
        """Return the sum over each axis of a flat array, (d,)."""
        return np.add.reduceat(flat, self.starts) if self.n_axes else np.zeros(0)


def without_floor(scaled: Floats, is_ordered: Bools) -> tuple[Floats, Floats]:
    """Return kernels without floors of distances over l, and their derivatives by log l."""
    r = np.where(is_ordered, SQRT_5 * scaled, scaled)
    decay, third = np.exp(-r), r * r / 3
    kernels = np.where(is_ordered, 1 + r + third, 1.0) * decay  # (1.1), (1.2)
    return kernels, np.where(is_ordered, third * (1 + r), r) * decay


def distances(u: Floats, v: Floats, *, is_ordered: bool) -> Floats:
    """Return how far apart levels of an axis are, given by their coordinates."""
    apart = np.abs(u[:, None] - v[None, :])
    return apart if is_ordered else (apart > 0).astype(np.float64)


@dataclass(frozen=True, eq=False)
class AxisKernel:
    """The kernel of one axis, for axes that are too long for a matrix of all levels."""

    coordinates: Floats
    is_ordered: bool
    lengthscale: float
    floor: float

    def between(self, rows: Ints, columns: Ints) -> Floats:
        """Return the kernel between some levels and others; each pair is computed once."""
        few, row_places = np.unique(rows, return_inverse=True)
        others, column_places = np.unique(columns, return_inverse=True)
        u, v = self.coordinates[few], self.coordinates[others]
        apart = distances(u, v, is_ordered=self.is_ordered) / self.lengthscale
        base, _ = without_floor(apart, np.array(self.is_ordered))
        kernel = self.floor + (1 - self.floor) * base  # (1.3)
        return np.asarray(kernel[:, column_places][row_places])
