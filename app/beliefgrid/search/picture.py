"""What is asked for of a layer: which axes are shown, and what becomes of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.grid import Grid
from beliefgrid.search.matrix import Matrix, check_reduce, fixed_levels, shown_values


@dataclass(frozen=True, slots=True)
class Picture:
    """Which axes are shown, and what becomes of the others."""

    grid: Grid
    x: str
    y: str | None
    reduce: str
    fixed: dict[int, int]

    @classmethod
    def of(
        cls, grid: Grid, *, x: str, y: str | None, reduce: str, at: Mapping[str, Any]
    ) -> "Picture":
        """Return the picture that is asked for, or refuse as `reduce_matrix` does."""
        check_reduce(reduce, x, y)
        return cls(grid, x, y, reduce, fixed_levels(grid, at))

    @property
    def axes(self) -> list[int]:
        """The axes that are shown, rows first."""
        return [self.grid.axis(name) for name in (self.y, self.x) if name is not None]

    def cells(self) -> Ints:
        """Return the cells of a slice, (ny, nx) or (nx,), in the order of levels."""
        axes, strides = self.axes, self.grid.strides
        base = sum(self.fixed.get(a, 0) * s for a, s in enumerate(strides) if a not in axes)
        found = np.array(base, dtype=np.int64)
        for axis in axes:
            found = found[..., None] + np.arange(self.grid.shape[axis]) * strides[axis]
        return found

    def matrix(self, values: Floats) -> Matrix:
        """Return values in the order of levels as a matrix in display order."""
        z = values[np.ix_(*(self.grid.display_order(axis) for axis in self.axes))]
        x_values, y_values = shown_values(self.grid, self.x), shown_values(self.grid, self.y)
        return Matrix(self.x, self.y, x_values, y_values, np.atleast_2d(z), self.reduce)
