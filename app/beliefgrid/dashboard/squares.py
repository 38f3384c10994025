"""Which square of a picture of two axes each cell of a study falls into."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.frames import Picture, reduce_field
from beliefgrid.dashboard.numbers import find_level

Ints = NDArray[np.int64]


def excluded(study: StudyView, picture: Picture) -> list[int]:
    """Return the squares in which no cell is searched; none of a grid that is not written out."""
    problem = search.Problem.from_definition(study.definition)
    if problem.excluded is None:
        return []
    is_open = (~problem.excluded).astype(np.float64)
    return np.flatnonzero(reduce_field(problem.grid, is_open, picture) == 0).tolist()


class Squares:
    """The squares of a picture, numbered row by row from the bottom, in display order."""

    def __init__(self, parameters: Sequence[Mapping[str, Any]], picture: Picture) -> None:
        self.picture = picture
        grid = search.Grid.from_definition(list(parameters))
        names = [parameter["name"] for parameter in parameters]
        self._shape = grid.shape
        self._x = names.index(picture.x)
        self._y = names.index(picture.y) if picture.y else None
        self._columns = np.argsort(grid.display_order(self._x))
        self._rows = np.zeros(1, dtype=np.int64)
        if self._y is not None:
            self._rows = np.argsort(grid.display_order(self._y))
        self.nx, self.ny = len(self._columns), len(self._rows)
        fixed = picture.fixed if picture.reduce == "slice" else {}
        self._fixed = {
            axis: level
            for axis, parameter in enumerate(parameters)
            if axis not in (self._x, self._y)
            and (level := find_level(parameter["values"], fixed.get(parameter["name"]))) is not None
        }

    def of(self, cells: Iterable[int]) -> tuple[Ints, Ints]:
        """Return the squares of some cells, and which of the cells are in the picture at all."""
        numbers = np.fromiter(cells, dtype=np.int64)
        levels = np.unravel_index(numbers, self._shape)
        is_shown = np.ones(len(numbers), dtype=bool)
        for axis, at in self._fixed.items():
            is_shown &= levels[axis] == at
        rows = self._rows[levels[self._y]] if self._y is not None else 0
        squares = rows * self.nx + self._columns[levels[self._x]]
        kept = np.flatnonzero(is_shown)
        return squares[kept], kept
