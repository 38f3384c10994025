"""A matrix between all cells and some of them that is a product over axes, never stored whole.

Split the axes in two groups with about sqrt(G) level combinations each. Entry (cell, column)
is left[l, column] * right[r, column], where (l, r) are the cell's levels in the two groups:
cell = l * len(right) + r, because cells are numbered in C order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from beliefgrid.search.arrays import Floats, Ints, Reals

BLOCK_VALUES = 1 << 19  # of a block that is written out: it should stay in the cache


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

    def weighted(self, weights: Floats) -> Reals:
        """Return the whole matrix times vectors (k, n), as products of small matrices (k, G)."""
        by_column = weights.astype(self.dtype)[:, None, :]
        if len(self.left) <= len(self.right):  # the smaller factor is multiplied out
            left = by_column * self.left
            return (left.reshape(-1, left.shape[2]) @ self.right.T).reshape(len(weights), -1)
        right = by_column * self.right
        return np.matmul(self.left, right.transpose(0, 2, 1)).reshape(len(weights), -1)

    def blocks(self) -> Iterator[tuple[slice, Reals]]:
        """Yield consecutive cells, and their rows written out."""
        n_right, n = self.right.shape
        step = max(1, BLOCK_VALUES // max(1, n_right * n))
        for first in range(0, len(self.left), step):
            rows = self.left[first : first + step]
            block = rows[:, None, :] * self.right[None, :, :]
            yield slice(first * n_right, (first + len(rows)) * n_right), block.reshape(-1, n)


def products(matrices: list[Floats], rows: Ints, columns: Ints) -> Floats:
    """Return the products over axes between some cells and others, given by their levels."""
    product = np.ones((len(rows), len(columns)))
    for axis, matrix in enumerate(matrices):
        product *= matrix[rows[:, axis][:, None], columns[:, axis][None, :]]
    return product
