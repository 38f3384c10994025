"""A matrix between all cells and some of them that is a product over axes, never stored whole.

Split the axes in two groups with about sqrt(G) level combinations each. Entry (cell, column)
is left[l, column] * right[r, column], where (l, r) are the cell's levels in the two groups:
cell = l * len(right) + r, because cells are numbered in C order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Protocol

import numpy as np

from beliefgrid.search.arrays import Floats, Ints, Reals
from beliefgrid.search.roots import grouped_roots

BLOCK_VALUES = 1 << 16  # of a block that is written out: it and its product stay in the cache


class Covariances(Protocol):
    """A matrix between all cells and some of them."""

    @property
    def n_cells(self) -> int:
        """The number of rows."""
        ...

    @property
    def dtype(self) -> type[np.floating]:
        """The precision of arrays as long as the rows."""
        ...

    def between(self, rows: Ints, columns: Ints) -> Floats:
        """Return the entries between some cells and others, given by their levels."""
        ...

    def roots(self) -> list[Reals]:
        """Return roots whose Kronecker product R gives the matrix between all cells as R'R."""
        ...

    def weighted(self, weights: Floats, out: Reals | None = None) -> Reals:
        """Return the whole matrix times vectors (k, n), as (k, G)."""
        ...

    def blocks(self) -> Iterator[tuple[slice, Reals]]:
        """Yield consecutive cells, and their rows written out; a block may be written to."""
        ...


@dataclass(frozen=True, eq=False)
class Factors:
    """The Khatri-Rao factors of (G, n) products of the axes' matrices."""

    matrices: list[Floats]  # (n_a, n_a) of each axis
    levels: Ints  # (n, d) of the columns
    dtype: type[np.floating]

    @property
    def n_cells(self) -> int:
        """The number G of rows."""
        return prod(map(len, self.matrices))

    @cached_property
    def _split(self) -> int:
        sizes = [len(matrix) for matrix in self.matrices]
        return min(range(len(sizes) + 1), key=lambda k: max(prod(sizes[:k]), prod(sizes[k:])))

    @cached_property
    def left(self) -> Reals:
        """The product over the leading axes, (their level combinations, n)."""
        return self._product(0, self._split)

    @cached_property
    def right(self) -> Reals:
        """The product over the other axes."""
        return self._product(self._split, len(self.matrices))

    def _product(self, first: int, last: int) -> Reals:
        product = np.ones((1, len(self.levels)))
        for axis in range(first, last):
            rows = self.matrices[axis][:, self.levels[:, axis]]
            product = (product[:, None, :] * rows[None, :, :]).reshape(-1, len(self.levels))
        return product.astype(self.dtype)

    def between(self, rows: Ints, columns: Ints) -> Floats:
        """Return the entries between some cells and others, given by their levels."""
        return products(self.matrices, rows, columns)

    def roots(self) -> list[Reals]:
        """Return roots whose Kronecker product R gives the matrix between all cells as R'R."""
        return [root.astype(np.float32) for root in grouped_roots(self.matrices)]

    def weighted(self, weights: Floats, out: Reals | None = None) -> Reals:
        """Return the whole matrix times vectors (k, n), as products of small matrices (k, G)."""
        left, right, by_column = self.left, self.right, weights.astype(self.dtype)
        found = np.empty((len(weights), self.n_cells), dtype=self.dtype) if out is None else out
        is_left_smaller = len(left) <= len(right)
        scaled = np.empty_like(left if is_left_smaller else right)
        for row, target in zip(by_column, found.reshape(-1, len(left), len(right)), strict=True):
            np.multiply(left if is_left_smaller else right, row, out=scaled)
            pair = (scaled, right) if is_left_smaller else (left, scaled)
            np.matmul(pair[0], pair[1].T, out=target)
        return found

    def blocks(self) -> Iterator[tuple[slice, Reals]]:
        """Yield consecutive cells, and their rows written out; each block in the same memory."""
        n_right, n = self.right.shape
        step = min(len(self.left), max(1, BLOCK_VALUES // max(1, n_right * n)))
        memory = np.empty((step, n_right, n), dtype=self.dtype)
        for first in range(0, len(self.left), step):
            rows = self.left[first : first + step]
            block = np.multiply(rows[:, None, :], self.right, out=memory[: len(rows)])
            yield slice(first * n_right, (first + len(rows)) * n_right), block.reshape(-1, n)


def products(matrices: list[Floats], rows: Ints, columns: Ints) -> Floats:
    """Return the products over axes between some cells and others, given by their levels."""
    product = np.ones((len(rows), len(columns)))
    for axis, matrix in enumerate(matrices):
        product *= matrix[rows[:, axis][:, None], columns[:, axis][None, :]]
    return product
