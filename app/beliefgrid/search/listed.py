"""A part of a grid as the engine sees it: a list of cells, numbered by their places in it.

The Gaussian process, its samples and scores ask of a grid only how alike cells are, so they
work on a list of cells as on a whole grid. That is how a grid is searched that is too large to
be written out: on candidates (see `candidates`).

Notation: m listed cells, n results, d axes.
    rows (m, d)  levels of the listed cells
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Ints, Reals
from beliefgrid.search.cholesky import factorise
from beliefgrid.search.factors import BLOCK_VALUES
from beliefgrid.search.grid import Grid
from beliefgrid.search.kernel import AxisKernel, Space
from beliefgrid.search.problem import Problem
from beliefgrid.search.surrogate import Surrogate, dtype_for

KEEP_UP_TO = 1 << 22  # entries of a matrix that is kept instead of computed again


@dataclass(frozen=True)
class ListedGrid(Grid):
    """Some cells of a grid; a cell's number is its place in the list."""

    cells: Ints = field(default_factory=lambda: np.zeros(0, np.int64), compare=False)

    @cached_property
    def n_cells(self) -> int:
        """How many cells are listed."""
        return len(self.cells)


@dataclass(frozen=True, eq=False)
class ListedProblem(Problem):
    """The search of some cells of a grid."""

    unsearched: Bools | None = None  # (m,)

    @cached_property
    def excluded(self) -> Bools | None:
        """Which of the cells are not searched, (m,)."""
        return self.unsearched


@dataclass(frozen=True, eq=False)
class ListedFactors:
    """A matrix between listed cells and results that is a product over axes."""

    kernels: tuple[AxisKernel, ...]
    by_level: tuple[Floats, ...]  # per axis: each level beside the results, (n_a, n)
    dtype: type[np.floating]
    rows: Ints

    @property
    def n_cells(self) -> int:
        """The number m of rows."""
        return len(self.rows)

    @property
    def _n_results(self) -> int:
        return len(self.by_level[0].T)

    @cached_property
    def _whole(self) -> Reals:
        return self._written(slice(0, self.n_cells))

    def _written(self, cells: slice) -> Reals:
        rows = self.rows[cells]
        product = np.ones((len(rows), self._n_results), dtype=self.dtype)
        for axis, by_level in enumerate(self.by_level):
            product *= by_level.astype(self.dtype)[rows[:, axis]]
        return product

    def weighted(self, weights: Floats, out: Reals | None = None) -> Reals:
        """Return the whole matrix times vectors (k, n), as (k, m)."""
        found = np.empty((len(weights), self.n_cells), dtype=self.dtype) if out is None else out
        columns = weights.astype(self.dtype)
        for cells, block in self.blocks():
            found[:, cells] = columns @ block.T
        return found

    def blocks(self) -> Iterator[tuple[slice, Reals]]:
        """Yield consecutive cells, and their rows written out."""
        n = max(1, self._n_results)
        if self.n_cells * n <= KEEP_UP_TO:
            yield slice(0, self.n_cells), self._whole.copy()
            return
        step = max(1, 16 * BLOCK_VALUES // n)
        for first in range(0, self.n_cells, step):
            cells = slice(first, first + step)
            yield cells, self._written(cells)

    def between(self, rows: Ints, columns: Ints) -> Floats:
        """Return the entries between some cells and others, given by their levels."""
        product = np.ones((len(rows), len(columns)))
        for axis, kernel in enumerate(self.kernels):
            product *= kernel.between(rows[:, axis], columns[:, axis])
        return product

    def roots(self) -> list[Reals]:
        """Return R with R'R the matrix between all listed cells, as the only root."""
        matrix = self.between(self.rows, self.rows)
        return [np.ascontiguousarray(factorise(matrix, 1.0).T).astype(np.float32)]


@dataclass(frozen=True, eq=False)
class ListedSpace(Space):
    """The axes of a grid, for listed cells."""

    cells: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def listing(cls, whole: Space, cells: Ints) -> "ListedSpace":
        """Return a part of a space."""
        return cls(**{f.name: getattr(whole, f.name) for f in fields(Space)}, cells=cells)

    @property
    def n_cells(self) -> int:
        """How many cells are listed."""
        return len(self.cells)

    @cached_property
    def rows(self) -> Ints:
        """The level of each axis in each listed cell, (m, d)."""
        return Space.levels(self, self.cells)

    def levels(self, cells: Ints) -> Ints:
        """Return the level of each axis in cells given by their places, (N, d)."""
        return np.asarray(self.rows[cells])

    def correlations(
        self, log_lengthscales: Floats, floors: Floats, levels: Ints, dtype: type[np.floating]
    ) -> ListedFactors:
        """Return the correlation of all listed cells with some that are given by their levels."""
        lengthscales, is_ordered = np.exp(log_lengthscales).tolist(), self.is_ordered.tolist()
        of_axes = zip(self.coordinates, is_ordered, lengthscales, floors.tolist(), strict=True)
        kernels = tuple(AxisKernel(*of_axis) for of_axis in of_axes)
        by_level = tuple(
            kernel.between(np.arange(size), levels[:, axis])
            for axis, (kernel, size) in enumerate(zip(kernels, self.sizes, strict=True))
        )
        return ListedFactors(kernels, by_level, dtype, self.rows)

    def view(self, process: Surrogate, cells: Ints) -> Surrogate:
        """Return a process over another list of cells; `cells` are its results' places here."""
        factors = process.factors
        if not isinstance(factors, ListedFactors):
            raise TypeError("expected a process over listed cells, got one over a whole grid")
        seen = replace(factors, rows=self.rows, dtype=dtype_for(self.n_cells))
        return replace(process, space=self, cells=cells, factors=seen)
