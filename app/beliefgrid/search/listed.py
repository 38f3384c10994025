"""A part of a grid as the engine sees it: a list of cells, numbered by their places in it.

The Gaussian process, its samples and scores ask of a grid only how alike cells are, so they
work on a list of cells as on a whole grid. That is how a grid is searched that is too large to
be written out: on candidates (see `candidates`).

Notation: m listed cells, n results, d axes.
    rows (m, d)  levels of the listed cells
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Ints, Reals
from beliefgrid.search.cholesky import factorise
from beliefgrid.search.factors import BLOCK_VALUES, Factors
from beliefgrid.search.grid import Grid
from beliefgrid.search.kernel import Space
from beliefgrid.search.problem import Problem

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
class ListedFactors(Factors):
    """A matrix between listed cells and results that is a product over axes."""

    rows: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    @property
    def n_cells(self) -> int:
        """The number m of rows."""
        return len(self.rows)

    @cached_property
    def _by_level(self) -> list[Reals]:
        """Per axis: each level beside the results, (n_a, n)."""
        return [
            matrix[:, self.levels[:, axis]].astype(self.dtype)
            for axis, matrix in enumerate(self.matrices)
        ]

    @cached_property
    def _whole(self) -> Reals:
        return self._written(slice(0, self.n_cells))

    def _written(self, cells: slice) -> Reals:
        rows = self.rows[cells]
        product = np.ones((len(rows), len(self.levels)), dtype=self.dtype)
        for axis, by_level in enumerate(self._by_level):
            product *= by_level[rows[:, axis]]
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
        n = max(1, len(self.levels))
        if self.n_cells * n <= KEEP_UP_TO:
            yield slice(0, self.n_cells), self._whole.copy()
            return
        step = max(1, 8 * BLOCK_VALUES // n)
        for first in range(0, self.n_cells, step):
            cells = slice(first, first + step)
            yield cells, self._written(cells)

    def roots(self) -> list[Reals]:
        """Return R with R'R the matrix between all listed cells, as the only root."""
        matrix = np.ones((self.n_cells, self.n_cells))
        for axis, of in enumerate(self.matrices):
            matrix *= of[:, self.rows[:, axis]][self.rows[:, axis]]
        return [np.ascontiguousarray(factorise(matrix, 1.0).T).astype(np.float32)]


@dataclass(frozen=True, eq=False)
class ListedSpace(Space):
    """The axes of a grid, for listed cells."""

    cells: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def listing(cls, grid: Grid, cells: Ints) -> "ListedSpace":
        """Return the space of some cells of a grid."""
        whole = Space.of(grid)
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

    def factors(
        self, matrices: list[Floats], levels: Ints, dtype: type[np.floating]
    ) -> ListedFactors:
        """Return a matrix between all listed cells and some levels."""
        return ListedFactors(matrices, levels, dtype, self.rows)
