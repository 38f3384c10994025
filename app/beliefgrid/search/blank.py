"""Before any value the posterior is the prior, over the cells that may work."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.best_cell import normalised
from beliefgrid.search.feasibility import log_p_feasible
from beliefgrid.search.kernel import Space
from beliefgrid.search.mass import DenseMass, Mass
from beliefgrid.search.model import KnowsNoObjective, Ranking
from beliefgrid.search.observations import Results, open_cells, unusable
from beliefgrid.search.opening import opening
from beliefgrid.search.problem import Problem
from beliefgrid.search.sequence import top
from beliefgrid.search.streams import stream


@dataclass(frozen=True, eq=False)
class BlankModel(KnowsNoObjective):
    """The belief that has seen no value."""

    problem: Problem
    results: Results
    theta: None = None
    conditioned_on: int = 0
    leader: None = None

    @cached_property
    def _log_p_feasible(self) -> Floats:
        return log_p_feasible(Space.of(self.problem.grid), self.results)

    @cached_property
    def p_best(self) -> Floats:
        """The prior, or what infeasible cells leave of it."""
        weights, infeasible = self.problem.prior.weights, self.results.infeasible
        if not len(infeasible):
            return weights
        excluded = unusable(self.problem, self.results)
        return normalised(weights * np.exp(self._log_p_feasible), excluded)

    @property
    def mass(self) -> Mass:
        """P(best), for whatever is read off it."""
        return DenseMass(self.problem.grid, self.p_best)

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return NaN: the metric's units are not known yet."""
        return np.full(len(cells), np.nan), np.full(len(cells), np.nan)

    def all_moments(self) -> tuple[Floats, Floats]:
        """Return NaN for every cell."""
        return self.moments(np.arange(self.problem.grid.n_cells))

    def scores(self, pending: Ints) -> Floats:
        """Return the logarithm of the prior and of the chance to work."""
        is_open = open_cells(self.problem, self.results, pending.tolist())
        score = self.problem.prior.log_weights + self._log_p_feasible
        return np.where(is_open, score, np.nan)

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return an opening, or the cells that are the likeliest to work."""
        if len(self.results.infeasible):
            lots = stream(self.problem.seed, len(self.results.infeasible), "ties")
            return Ranking.unscored("feasible", top(self.scores(pending), n, lots).tolist())
        return opening(self.problem, pending, n)

    def similarity(self, cells: Ints) -> Floats:
        """Return nothing: no cell is tested."""
        return np.zeros((len(cells), 0))

    def p_feasible(self) -> Floats:
        """Return the chance that a cell works; a half while nothing is known."""
        if not len(self.results.infeasible):
            return np.full(self.problem.grid.n_cells, 0.5)
        p = np.exp(self._log_p_feasible)
        p[self.results.infeasible] = 0.0
        return p
