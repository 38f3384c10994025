"""Belief by a Gaussian process: the likelihood `gp`.

The model works in its own units (see `targets`); what leaves it is in the metric's.
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beliefgrid.search import best_cell, predictive, warp
from beliefgrid.search.acquisition import (
    LCB_SDS,
    improvement_parts,
    log_expected_improvement,
    log_middle,
    prior_term,
)
from beliefgrid.search.anova import Importance, importance
from beliefgrid.search.arrays import Bools, Floats, Ints, Reals
from beliefgrid.search.conflict import Conflict, conflict, tempered
from beliefgrid.search.fantasies import Fantasies, fantasised
from beliefgrid.search.feasibility import log_p_feasible
from beliefgrid.search.fit import best_and_spread
from beliefgrid.search.forecast import WATCHED, trials_to_finish
from beliefgrid.search.kernel import Space
from beliefgrid.search.mass import DenseMass, Mass
from beliefgrid.search.model import Ranking, Regret
from beliefgrid.search.observations import Results, open_cells, unusable
from beliefgrid.search.problem import Problem
from beliefgrid.search.repeat import LEAST, RIVALS, Repeat, gain_of_measuring, worth_a_second_look
from beliefgrid.search.samples import samples
from beliefgrid.search.sequence import one_after_the_other, top
from beliefgrid.search.streams import stream
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.targets import Targets, targets_of
from beliefgrid.search.theta import Theta

N_SAMPLES = 256
N_GAIN_SAMPLES = 512
CONDITION_ON, BEST_CONDITIONED_ON = 2_000, 500
N_THOMPSON = 32
N_IMPORTANCE, N_IMPORTANCE_LARGE, FEWER_ABOVE = 64, 16, 100_000
TINY = 1e-300
INTERVAL = 0.9  # of the leader's objective
# The model takes its hyperparameters for certain; next values scatter by so much more.
SDS_ARE_LARGER = 1.1
POOL = 256  # best cells by score, among which the ranked list is made


@dataclass(frozen=True, eq=False)
class GaussianModel:
    """The belief of a Gaussian process with given hyperparameters; one value is known at least."""

    problem: Problem
    results: Results
    theta: Theta
    event: int

    @cached_property
    def used(self) -> Results:
        """The results that the process is conditioned on: all, or of very many some."""
        if len(self.results.cells) <= CONDITION_ON:
            return self.results
        rows = best_and_spread(self.results, BEST_CONDITIONED_ON, CONDITION_ON, self.problem.seed)
        return self.results.keep(rows)

    @cached_property
    def _space(self) -> Space:
        return Space.of(self.problem.grid)

    @property
    def _log_middle(self) -> Floats:
        return log_middle(self.problem.grid)

    @property
    def conditioned_on(self) -> int:
        """How many cells with values that are."""
        return len(self.used.cells)

    @cached_property
    def targets(self) -> Targets:
        """What the process is told."""
        return targets_of(self.used, self.theta)

    @cached_property
    def surrogate(self) -> Surrogate:
        """The process."""
        return Surrogate.condition(
            self._space,
            self.theta,
            cells=self.used.cells,
            targets=self.targets.values,
            noise=self.targets.noise,
        )

    @cached_property
    def mean(self) -> Floats:
        """Mean of every cell in the model's units, (G,)."""
        return np.asarray(self.surrogate.mean()[0], dtype=np.float64)

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of every cell in the model's units, (G,)."""
        return np.sqrt(self.surrogate.variance().astype(np.float64))

    @cached_property
    def leader(self) -> int:
        """The tested cell with the lowest mean, of those that are searched if there is one."""
        cells = self._rivals
        return int(cells[self.mean[cells].argmin()])

    @cached_property
    def _rivals(self) -> Ints:
        """The tested cells that may be the best one; a value may be known of excluded ones."""
        cells = self.results.cells
        searched = cells[[self.problem.is_allowed(cell) for cell in cells.tolist()]]
        return searched if len(searched) else cells

    # ------------------------------------------------------------ which cell is the best
    @cached_property
    def excluded(self) -> Bools:
        """Cells that cannot be the best one."""
        excluded = unusable(self.problem, self.results)
        return excluded & ~excluded.all()  # if nothing works at all, nobody knows

    @property
    def stands_for(self) -> Floats | None:
        """How many cells of a larger grid each cell stands for; None if each is only itself."""
        return None

    @property
    def _untested(self) -> float:
        """Share of the cells that may be the best one and have no value yet."""
        n_open = max(1, best_cell.n_open(self.excluded, self.stands_for))
        return 1 - int(np.count_nonzero(~self.excluded[self.results.cells])) / n_open

    @cached_property
    def draws(self) -> best_cell.Draws:
        """What joint samples say; the same normals at every event, so that films run smoothly."""
        generator = stream(self.problem.seed, 0, "samples")
        blocks = samples(self.surrogate, N_SAMPLES, generator)
        return best_cell.draws(
            blocks,
            self.excluded,
            self.leader,
            self._untested,
            self._most_promising,
            self.stands_for,
        )

    @cached_property
    def _most_promising(self) -> Ints:
        """The cells that would be tested next if nothing were learned on the way."""
        is_open = open_cells(self.problem, self.results)
        score = log_expected_improvement(self.mean, self.sd, self.best) + self._log_p_feasible
        lots = stream(self.problem.seed, self.event, "watched")
        return top(np.where(is_open, score, np.nan), WATCHED, lots)

    @cached_property
    def conflict(self) -> Conflict | None:
        """How a user's prior agrees with the data."""
        if self.problem.prior.own is None:
            return None
        found = best_cell.likelihood(self.draws, len(self.results.known))
        return conflict(self.problem.prior, found, self.excluded)

    @property
    def _power(self) -> float:
        return 1.0 if self.conflict is None else self.conflict.power

    @cached_property
    def p_best(self) -> Floats:
        """P(best | data) of every cell, (G,)."""
        prior = tempered(self.problem.prior.weights, self._power)
        weights = prior * np.exp(self._log_p_feasible)
        return best_cell.posterior(
            weights,
            self.draws,
            self.excluded,
            n_results=len(self.results.known),
            untested=self._untested,
            stands_for=self.stands_for,
        )

    @property
    def mass(self) -> Mass:
        """P(best), for whatever is read off it."""
        return DenseMass(self.problem.grid, self.p_best)

    def regret(self, epsilon: float) -> Regret | None:
        """Return how far the leader may be from the best cell (10.1)."""
        found = self.draws
        regrets = _difference(self._in_metric(found.at_leader), self._in_metric(found.lowest))
        return Regret(_mean(regrets), float((regrets <= epsilon).mean()), epsilon)

    def trials_to_finish(self, epsilon: float, probability: float) -> int | None:
        """Return how many more trials it probably takes until the regret is small (11.4)."""
        found = self.draws
        return trials_to_finish(
            self._in_metric(found.at_leader),
            self._in_metric(found.at_watched),
            self._in_metric(found.lowest),
            epsilon=epsilon,
            probability=probability,
        )

    def repeat(self, new: int | None) -> Repeat | None:
        """Return what a second look at the leader is worth, beside one at a new cell (11.5)."""
        if self.problem.noise == "none":
            return None  # it would come out the same
        rivals = self._leading
        cells = rivals if new is None else np.append(rivals, new)
        means, covariance = self.surrogate.joint(cells)
        noise, unit = self.targets.noise_of_next, self._metric_per_unit
        again = gain_of_measuring(0, means[0], covariance, noise)
        fresh = gain_of_measuring(-1, means[0], covariance, noise) if new is not None else 0.0
        return Repeat(int(rivals[0]), unit * again, unit * fresh, again > max(fresh, LEAST))

    def second_looks(self) -> Ints:
        """Return leading cells, the one first that is most worth a second look (11.6)."""
        leading = self._leading
        means, covariance = self.surrogate.joint(leading)
        return leading[worth_a_second_look(means[0], covariance, self.targets.noise_of_next)]

    @property
    def _leading(self) -> Ints:
        """The best tested cells by mean, the leader first."""
        tested = self._rivals
        return tested[np.argsort(self.mean[tested], kind="stable")[:RIVALS]]

    @property
    def noise_sd(self) -> float:
        """How far one more result scatters, in the metric's units near the median."""
        return float(
            self.theta.scale * self.targets.noise_of_next**0.5
        )  # there the warp is straight

    def interval(self, cell: int) -> tuple[float, float]:
        """Return the range that holds a cell's objective with 90 %, in the metric's units."""
        sds = predictive.half_width(INTERVAL, len(self.results.cells))
        half = sds * SDS_ARE_LARGER * self.sd[cell]
        ends = self._in_metric(self.mean[cell] + np.array([-half, half]))
        low, high = sorted((self.problem.sign * ends).tolist())
        return low, high

    def importance(self) -> Importance:
        """Return how much each parameter matters."""
        n = N_IMPORTANCE if self.problem.grid.n_cells <= FEWER_ABOVE else N_IMPORTANCE_LARGE
        blocks = samples(self.surrogate, n, stream(self.problem.seed, 0, "importance"))
        draws = (self._in_metric(f.astype(np.float64)) for block in blocks for f in block)
        return importance(self.problem.grid, draws)

    def gain(self, cells: Ints) -> float | None:
        """Return by how much testing some cells is expected to improve on the leader (10.2)."""
        if not len(cells):
            return 0.0
        mean, covariance = self.surrogate.joint(np.concatenate([[self.leader], cells]))
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normals = stream(self.problem.seed, self.event, "gain").standard_normal(
            (N_GAIN_SAMPLES, len(mean[0]))
        )
        y = self._in_metric(mean[0] + normals @ root.T)
        return _mean(np.maximum(_difference(y[:, 0], y[:, 1:].min(axis=1)), 0.0))

    # ------------------------------------------------------------ units
    def _in_metric(self, values: Floats) -> Floats:
        """Return values of the model in the metric's units, lower is better."""
        z = warp.inverse(values, self.theta.power)
        return warp.unstandardise(z, self.theta.location, self.theta.scale)

    def _moments_in_metric(self, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        found, spread = warp.unwarped_moments(
            mean,
            SDS_ARE_LARGER * sd,
            power=self.theta.power,
            location=self.theta.location,
            scale=self.theta.scale,
        )
        return self.problem.sign * found, spread

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return mean and sd of the objective in some cells, in the metric's units."""
        return self._moments_in_metric(self.mean[cells], self.sd[cells])

    def all_moments(self) -> tuple[Floats, Floats]:
        """Return mean and sd of the objective in every cell, in the metric's units."""
        return self._moments_in_metric(self.mean, self.sd)

    @cached_property
    def _metric_per_unit(self) -> float:
        """How much one unit of the model is in the metric, near the best cell."""
        z = warp.inverse(np.array([self.best]), self.theta.power)
        per_unit = self.theta.scale / float(warp.slope(z, self.theta.power)[0])
        return min(per_unit, warp.LARGEST)

    # ------------------------------------------------------------ the next cell
    @cached_property
    def best(self) -> float:
        """The lowest mean of a tested cell, in the model's units."""
        return float(self.mean[self._rivals].min())

    @cached_property
    def _log_p_feasible(self) -> Floats:
        return log_p_feasible(self._space, self.used)

    @cached_property
    def _terms(self) -> Floats:
        """What a prior, or the middle of the grid, and feasibility add to a score (7.3), (8.3)."""
        prior = self.problem.prior
        if self.problem.strategy.acquisition == "p_best":
            return np.zeros(len(prior.weights))
        log_prior = self._power * prior.log_weights
        if prior.is_uniform:
            log_prior = self._log_middle
        return self._log_p_feasible + prior_term(log_prior, len(self.results.known))

    def scores(self, pending: Ints) -> Floats:
        """Return the acquisition of every cell, NaN where a cell cannot be suggested."""
        is_open = open_cells(self.problem, self.results, pending.tolist())
        return np.where(is_open, self._score(pending) + self._terms, np.nan)

    def _score(self, pending: Ints) -> Floats:
        rule = self.problem.strategy.acquisition
        if rule == "lcb":
            return self._lcb(pending)
        if rule == "p_best":
            return np.log(np.maximum(self.p_best, TINY))
        if rule == "thompson":
            return -np.asarray(self._thompson_samples[0], dtype=np.float64)
        return self._ei(pending)

    def _ei(self, pending: Ints) -> Floats:
        if not len(pending):
            return log_expected_improvement(self.mean, self.sd, self.best)
        return self._fantasised(pending).log_expected_improvement(self._rivals)

    def _lcb(self, pending: Ints) -> Floats:
        sd = self._fantasised(pending).sd if len(pending) else self.sd
        return LCB_SDS * sd - self.mean  # (7.7)

    def _fantasised(self, pending: Ints) -> Fantasies:
        normals = stream(self.problem.seed, self.event, "fantasies")
        noise = self.targets.noise_of_next
        return fantasised(self.surrogate, self.theta, pending, noise=noise, normals=normals)

    @cached_property
    def _thompson_samples(self) -> Reals:
        generator = stream(self.problem.seed, self.event, "thompson")
        blocks = samples(self.surrogate, N_THOMPSON, generator)
        return np.concatenate([block.copy() for block in blocks])

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return up to n cells to test next, each as if those before it were under way."""
        rule = self.problem.strategy.acquisition
        scores = self.scores(pending)
        pool = top(scores, max(POOL, n), stream(self.problem.seed, self.event, "ties"))
        if rule == "thompson":
            pool = self._lowest_of_samples(pool, np.isfinite(scores))
        if rule in ("p_best", "thompson"):
            cells = pool[:n]
            return self._ranking(rule, cells, scores[cells], self.mean[cells], self.sd[cells])
        return self._rank_greedily(rule, pool, scores, pending, n)

    def _rank_greedily(
        self, rule: str, pool: Ints, scores: Floats, pending: Ints, n: int
    ) -> Ranking:
        if not len(pool) or n < 1:
            return Ranking.unscored(rule, [])
        surrogate = self._fantasised(pending).surrogate if len(pending) else self.surrogate
        means, covariance = surrogate.joint(pool)
        mean, terms = means.mean(axis=0), self._terms[pool]

        def score(sd: Floats) -> Floats:
            if rule == "lcb":
                return np.asarray(LCB_SDS * sd - mean + terms)
            return np.asarray(log_expected_improvement(mean, sd, self.best) + terms)

        found = one_after_the_other(covariance, self.targets.noise_of_next, score, n)
        chosen = found.scores
        chosen[0] = scores[pool[0]]
        return self._ranking(rule, pool[found.places], chosen, mean[found.places], found.sds)

    def _ranking(self, rule: str, cells: Ints, scores: Floats, mean: Floats, sd: Floats) -> Ranking:
        value, doubt = improvement_parts(mean, sd, self.best)
        unit = self._metric_per_unit * np.exp(self._log_p_feasible[cells])
        return Ranking(rule, cells, scores, unit * value, unit * doubt)

    def _lowest_of_samples(self, pool: Ints, is_open: Bools) -> Ints:
        """Return the best open cell of each sample, once each, then the rest of the pool."""
        f = np.where(is_open, self._thompson_samples - self._terms, np.inf)
        order = np.concatenate([f.argmin(axis=1), pool])
        _, first = np.unique(order, return_index=True)
        return np.asarray(order[np.sort(first)]) if len(pool) else pool

    # ------------------------------------------------------------ what else is asked
    def similarity(self, cells: Ints) -> Floats:
        """Return how alike some cells and the tested ones are, 0 to 1, (m, N)."""
        return self.surrogate.correlation(cells, self.results.cells)

    def p_feasible(self) -> Floats:
        """Return the chance that a cell works, (G,) (8.2)."""
        p = np.exp(self._log_p_feasible)
        p[self.results.cells], p[self.results.infeasible] = 1.0, 0.0
        return p


def _difference(left: Floats, right: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.minimum(left - right, warp.LARGEST)


def _mean(values: Floats) -> float:
    return float((values / len(values)).sum())  # the sum of huge values may overflow
