"""Before any result the posterior is the prior."""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.model import Ranking, Regret
from beliefgrid.search.observations import Results, open_cells
from beliefgrid.search.problem import Problem
from beliefgrid.search.walk import walk


@dataclass(frozen=True, eq=False)
class BlankModel:
    """The belief that has seen nothing."""

    problem: Problem
    results: Results
    theta: None = None
    conditioned_on: int = 0
    leader: None = None

    @property
    def p_best(self) -> Floats:
        """The prior."""
        return self.problem.prior.weights

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return NaN: the metric's units are not known yet."""
        return np.full(len(cells), np.nan), np.full(len(cells), np.nan)

    def all_moments(self) -> tuple[Floats, Floats]:
        """Return NaN for every cell."""
        return self.moments(np.arange(self.problem.grid.n_cells))

    def scores(self, pending: Ints) -> Floats:
        """Return the logarithm of the prior."""
        is_open = open_cells(self.problem, self.results, pending.tolist())
        return np.where(is_open, np.log(self.problem.prior.weights), np.nan)

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return an even walk over the grid."""
        taken = set(pending.tolist())
        cells: list[int] = []
        for cell in walk(self.problem):
            if len(cells) == n:
                break
            if cell not in taken:
                cells.append(cell)
        return Ranking.unscored("walk", cells)

    def similarity(self, cells: Ints) -> Floats:
        """Return nothing: no cell is tested."""
        return np.zeros((len(cells), 0))

    def p_feasible(self) -> Floats:
        """Return a half: anything may be."""
        return np.full(self.problem.grid.n_cells, 0.5)

    def regret(self, epsilon: float) -> Regret | None:
        """Return None: there is no leader."""
        del epsilon
        return None

    def gain(self, cells: Ints) -> float | None:
        """Return None: there is no leader."""
        del cells
        return None
