"""The seed's own rule as a model, `inverse_loss`, and its relative for any sign, `boltzmann`.

A result makes its cell likely, and cells that are like it promising, by a stated similarity.
Notation: N tested cells i, G cells c.
    rho_a            how alike neighbouring levels of axis a are; `strategy.similarity`
    S(c, i)  (G, N)  product over axes of rho_a^|difference of ranks|, (9.1)
    likelihood       (9.2) of tested cells, (9.3) of the others
    novelty  (G,)    sqrt(1 - max_i S(c, i)^2): 0 where something alike is tested
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.best_cell import normalised
from beliefgrid.search.factors import Factors, products
from beliefgrid.search.grid import Grid
from beliefgrid.search.mass import DenseMass, Mass
from beliefgrid.search.model import KnowsNoObjective, Ranking
from beliefgrid.search.observations import Results, open_cells, unusable
from beliefgrid.search.problem import Problem
from beliefgrid.search.sequence import top
from beliefgrid.search.streams import stream

KAPPA = 0.25  # weight of the mean likelihood where little is alike
BETA = 0.2  # weight of novelty, in units of the uniform posterior 1/G
MAD_TO_SD = 1.4826
POOL = 512


@dataclass(frozen=True, eq=False)
class ReferenceModel(KnowsNoObjective):
    """Belief by likelihoods of tested cells, spread by similarity."""

    problem: Problem
    results: Results
    event: int
    theta: None = None

    @property
    def conditioned_on(self) -> int:
        """How many cells with values the belief rests on."""
        return len(self.results.cells)

    @cached_property
    def likelihood(self) -> Floats:
        """Likelihood of each tested cell, up to a factor, (N,)."""
        if self.problem.strategy.likelihood == "inverse_loss":
            return inverse_loss(self.results.values)
        return boltzmann(self.results.values)

    @cached_property
    def matrices(self) -> list[Floats]:
        """The similarity of levels on each axis."""
        return similarities(self.problem.grid, self.problem.strategy.similarity)

    @cached_property
    def _factors(self) -> Factors:
        levels = _levels(self.problem.grid, self.results.cells)
        return Factors(self.matrices, levels, np.float64)

    @cached_property
    def spread(self) -> tuple[Floats, Floats, Floats]:
        """Likelihood, mean and novelty of every cell, (G,) each."""
        factors, n = self._factors, len(self.results.cells)
        nearness = factors.weighted(np.ones((1, n)))[0] + KAPPA
        promise = factors.weighted(self.likelihood[None])[0] + KAPPA * self.likelihood.mean()
        values = factors.weighted(self.results.values[None])[0] + KAPPA * self.results.values.mean()
        likelihood, mean = promise / nearness, values / nearness  # (9.3), (9.5)
        likelihood[self.results.cells] = self.likelihood  # (9.2)
        mean[self.results.cells] = self.results.values
        novelty = np.empty(factors.n_cells)
        for cells, block in factors.blocks():
            novelty[cells] = _novelty(block.max(axis=1))
        return likelihood, mean, novelty

    @cached_property
    def p_best(self) -> Floats:
        """The posterior over the grid: prior times likelihood, normalised."""
        is_excluded = unusable(self.problem, self.results)
        return normalised(self.problem.prior.weights * self.spread[0], is_excluded)

    @cached_property
    def leader(self) -> int | None:
        """The tested cell with the highest posterior."""
        return int(self.results.cells[self.p_best[self.results.cells].argmax()])

    def all_moments(self) -> tuple[Floats, Floats]:
        """Return the smoothed results, and their spread times novelty (9.5)."""
        _, mean, novelty = self.spread
        spread = float(self.results.values.std()) or abs(float(self.results.values[0]))
        return self.problem.sign * mean, spread * novelty

    @property
    def mass(self) -> Mass:
        """P(best), for whatever is read off it."""
        return DenseMass(self.problem.grid, self.p_best)

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return the same in some cells."""
        mean, sd = self.all_moments()
        return mean[cells], sd[cells]

    def scores(self, pending: Ints) -> Floats:
        """Return posterior plus novelty, NaN where a cell cannot be suggested (9.4)."""
        is_open = open_cells(self.problem, self.results, pending.tolist())
        novelty = self.spread[2]
        if len(pending):
            factors = Factors(self.matrices, _levels(self.problem.grid, pending), np.float64)
            for cells, block in factors.blocks():
                novelty = novelty.copy()
                novelty[cells] = np.minimum(novelty[cells], _novelty(block.max(axis=1)))
        score = self.p_best + BETA / self.problem.grid.n_cells * novelty
        return np.where(is_open, score, np.nan)

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return up to n cells to test next; each chosen one makes those like it less novel."""
        scores = self.scores(pending)
        pool = top(scores, max(POOL, n), stream(self.problem.seed, self.event, "ties"))
        levels = _levels(self.problem.grid, pool)
        alike = products(self.matrices, levels, levels)
        value = self.p_best[pool]
        bonus = scores[pool] - value
        places: list[int] = []
        chosen = np.zeros((min(n, len(pool)), 2))
        for k in range(len(chosen)):
            now = value + bonus
            now[places] = -np.inf
            place = int(now.argmax())
            places.append(place)
            chosen[k] = value[place], bonus[place]
            fresh = BETA / self.problem.grid.n_cells * _novelty(alike[place])
            bonus = np.minimum(bonus, fresh)
        name = self.problem.strategy.likelihood
        return Ranking(name, pool[places], chosen.sum(axis=1), chosen[:, 0], chosen[:, 1])

    def similarity(self, cells: Ints) -> Floats:
        """Return S of some cells with the tested ones, (m, N)."""
        return products(
            self.matrices,
            _levels(self.problem.grid, cells),
            _levels(self.problem.grid, self.results.cells),
        )

    def p_feasible(self) -> Floats:
        """Return 0 for cells that cannot work, 1 for the others: this rule learns no more."""
        p = np.ones(self.problem.grid.n_cells)
        p[self.results.infeasible] = 0.0
        return p


def inverse_loss(losses: Floats) -> Floats:
    """Return 1/loss up to a factor; losses are above zero (9.2)."""
    return np.asarray(losses.min() / losses)


def boltzmann(values: Floats) -> Floats:
    """Return exp(-(y - best) / T), T the robust spread of the results (9.2)."""
    quartered = 0.25 * values  # differences of huge values may overflow
    deviations = np.abs(quartered - np.median(quartered))
    temperature = MAD_TO_SD * float(np.median(deviations))
    largest = float(deviations.max())
    if temperature == 0 and largest > 0:
        temperature = largest * float(np.std((quartered - quartered.mean()) / largest))
    if temperature == 0:
        return np.ones(len(values))
    return np.asarray(np.exp(-(quartered - quartered.min()) / temperature))


def similarities(grid: Grid, rho: tuple[float, ...]) -> list[Floats]:
    """Return rho_a^|difference of ranks| of each axis; rho_a if categorical levels differ."""
    matrices = []
    for parameter, alike in zip(grid.parameters, rho, strict=True):
        ranks = parameter.ranks()
        apart = np.abs(ranks[:, None] - ranks[None, :])
        matrices.append(float(alike) ** (apart if parameter.is_ordered else np.minimum(apart, 1)))
    return matrices


def _levels(grid: Grid, cells: Ints) -> Ints:
    return np.stack(np.unravel_index(cells, grid.shape), axis=1).astype(np.int64)


def _novelty(nearest: Floats) -> Floats:
    return np.sqrt(np.maximum(1.0 - nearest**2, 0.0))
