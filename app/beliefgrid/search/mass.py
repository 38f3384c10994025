"""P(best) over a grid, for whatever is read off it.

A grid of up to a million cells has a number for every cell. Of a larger one only some cells
are listed; what is left is spread evenly over all the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beliefgrid.search import progress
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.grid import Grid


class Mass(Protocol):
    """Probabilities of cells, which sum to 1."""

    @property
    def field(self) -> Floats:
        """Of every cell, (G,); (0,) of a grid that is too large."""
        ...

    @property
    def entropy_bits(self) -> float:
        """The entropy."""
        ...

    @property
    def cells_in_95(self) -> int:
        """How many cells hold 95 % at least."""
        ...

    def of(self, cells: Ints) -> Floats:
        """Return the probabilities of some cells."""
        ...

    def most_probable(self, k: int) -> Ints:
        """Return the most probable cells, the most probable first."""
        ...

    def along(self, axes: Sequence[int]) -> Floats:
        """Return the probabilities summed over all axes but some, in the order of levels."""
        ...


@dataclass(frozen=True, eq=False)
class DenseMass:
    """A number for every cell."""

    grid: Grid
    field: Floats

    @property
    def entropy_bits(self) -> float:
        """The entropy."""
        return progress.entropy_bits(self.field)

    @property
    def cells_in_95(self) -> int:
        """How many cells hold 95 % at least."""
        return progress.cells_in(self.field)

    def of(self, cells: Ints) -> Floats:
        """Return the probabilities of some cells."""
        return np.asarray(self.field[cells])

    def most_probable(self, k: int) -> Ints:
        """Return the most probable cells, the most probable first."""
        return progress.most_probable(self.field, k)

    def along(self, axes: Sequence[int]) -> Floats:
        """Return the probabilities summed over all axes but some, in the order of levels."""
        others = tuple(axis for axis in range(len(self.grid.shape)) if axis not in axes)
        summed = self.field.reshape(self.grid.shape).sum(axis=others)
        return np.asarray(summed if list(axes) == sorted(axes) else summed.T)


@dataclass(frozen=True, eq=False)
class SparseMass:
    """Numbers for some cells; `rest` belongs to all the others in equal parts."""

    grid: Grid
    cells: Ints  # (m,) ascending, distinct
    p: Floats  # (m,)
    rest: float

    @property
    def field(self) -> Floats:
        """Nothing: there are too many cells."""
        return np.zeros(0)

    @property
    def _each(self) -> float:
        return self.rest / max(1, self.grid.n_cells - len(self.cells))

    @property
    def entropy_bits(self) -> float:
        """The entropy."""
        spread = -self.rest * np.log2(self._each) if self._each > 0 else 0.0
        return progress.entropy_bits(self.p) + float(spread)

    @property
    def cells_in_95(self) -> int:
        """How many cells hold 95 % at least."""
        listed = np.cumsum(np.sort(self.p)[::-1])
        if len(listed) and listed[-1] >= progress.MASS:
            return int(np.searchsorted(listed, progress.MASS)) + 1
        missing = progress.MASS - (float(listed[-1]) if len(listed) else 0.0)
        return len(listed) + int(np.ceil(missing / self._each))

    def of(self, cells: Ints) -> Floats:
        """Return the probabilities of some cells."""
        if not len(self.cells):
            return np.full(len(cells), self._each)
        places = np.minimum(np.searchsorted(self.cells, cells), len(self.cells) - 1)
        return np.where(self.cells[places] == cells, self.p[places], self._each)

    def most_probable(self, k: int) -> Ints:
        """Return the most probable listed cells, the most probable first."""
        return np.asarray(self.cells[np.argsort(-self.p, kind="stable")[:k]])

    def along(self, axes: Sequence[int]) -> Floats:
        """Return the probabilities summed over all axes but some, in the order of levels."""
        sizes = [self.grid.shape[axis] for axis in axes]
        levels = [self.cells // self.grid.strides[a] % self.grid.shape[a] for a in axes]
        counted = np.zeros(sizes)
        np.add.at(counted, tuple(levels), self.p)
        missing = np.zeros(sizes)  # of the even rest: listed cells have no part in it
        np.add.at(missing, tuple(levels), 1.0)
        n_each = self.grid.n_cells / float(np.prod(sizes))
        return np.asarray(counted + self._each * (n_each - missing))
