"""Belief about a grid that is too large to be written out, by candidates.

The process is the same one; its means, scores and exact joint samples are computed for a list
of candidate cells (see `candidates`, `listed`). The even ones among them each stand for many
cells that are not looked at; P(best) of those is the same, and it is spread evenly (6.5).
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from beliefgrid.search import best_cell
from beliefgrid.search.acquisition import (
    log_expected_improvement,
    log_middle_at,
    middles_of,
    prior_term,
)
from beliefgrid.search.anova import Importance
from beliefgrid.search.arrays import Bools, Floats, Ints
from beliefgrid.search.candidates import ASCENTS, ascended, even_cells, explored, kept
from beliefgrid.search.conflict import Conflict
from beliefgrid.search.feasibility import log_p_under, process_of
from beliefgrid.search.gaussian import GaussianModel
from beliefgrid.search.grid import Grid
from beliefgrid.search.kernel import Space
from beliefgrid.search.listed import ListedGrid, ListedProblem, ListedSpace
from beliefgrid.search.mass import SparseMass
from beliefgrid.search.model import KnowsNoObjective, Ranking, Regret
from beliefgrid.search.observations import Results
from beliefgrid.search.opening import opening
from beliefgrid.search.prior import Prior
from beliefgrid.search.problem import Problem
from beliefgrid.search.repeat import Repeat
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.theta import Theta

NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class LazyBlankModel(KnowsNoObjective):
    """Before any value: every cell is as likely, the next ones are those of an even walk."""

    problem: Problem
    results: Results
    theta: None = None
    conditioned_on: int = 0
    leader: None = None

    @property
    def mass(self) -> SparseMass:
        """The uniform prior."""
        return SparseMass(self.problem.grid, NONE, np.zeros(0), 1.0)

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return NaN: the metric's units are not known yet."""
        return np.full(len(cells), np.nan), np.full(len(cells), np.nan)

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return an opening."""
        return opening(self.problem, np.concatenate([pending, self.results.known]), n)

    def similarity(self, cells: Ints) -> Floats:
        """Return nothing: no cell is tested."""
        return np.zeros((len(cells), 0))


@dataclass(frozen=True, eq=False)
class ListedModel(GaussianModel):
    """The Gaussian process over listed cells, which are numbered by their places."""

    whole: Grid
    cells: Ints
    base: "ListedModel | None"  # the same process over other cells, if there is one
    weights: Floats | None  # how many cells of the grid each stands for, if not only for itself
    own: Floats | None  # a user's prior as it was given, over a uniform one

    @cached_property
    def _space(self) -> ListedSpace:
        whole = Space.of(self.whole) if self.base is None else self.base.surrogate.space
        return ListedSpace.listing(whole, self.cells)

    @cached_property
    def surrogate(self) -> Surrogate:
        """The process."""
        if self.base is None:
            return super().surrogate
        return self._space.view(self.base.surrogate, self.used.cells)

    @cached_property
    def middles(self) -> list[Floats]:
        """The preference for the middle of each axis."""
        return middles_of(self.whole) if self.base is None else self.base.middles

    @property
    def stands_for(self) -> Floats | None:
        """How many cells of the whole grid each listed one stands for."""
        return self.weights

    @cached_property
    def conflict(self) -> Conflict | None:
        """How a user's prior agrees with the data (11.1), by cells that stand for the grid."""
        if self.own is None or self.weights is None:
            return None
        likely = self.weights * best_cell.likelihood(self.draws, len(self.results.known))
        likely[self.excluded] = 0.0
        total = float(likely.sum())
        return Conflict.of(float(self.own @ likely) / total) if total > 0 else None

    @property
    def _log_middle(self) -> Floats:
        return log_middle_at(self.middles, _rows(self.whole, self.cells))


def listed_model(
    problem: Problem,
    results: Results,
    theta: Theta,
    event: int,
    cells: Ints,
    *,
    base: ListedModel | None = None,
    stands_for: Floats | None = None,
) -> ListedModel:
    """Return the process over some cells, ascending and distinct, among them the tested ones."""
    grid = ListedGrid(problem.grid.parameters, cells)
    relative, own = np.ones(len(cells)), None
    if problem.prior.axes:
        rows = _rows(problem.grid, cells)
        relative, own = problem.prior.relative(rows), problem.prior.own_relative(rows)
    part = ListedProblem(
        grid=grid,
        prior=Prior(relative / relative.sum(), problem.prior.is_uniform),
        goal=problem.goal,
        seed=problem.seed,
        strategy=problem.strategy,
        stopping=problem.stopping,
        noise=problem.noise,
        unsearched=~problem.are_allowed(cells),
    )
    placed = replace(
        results,
        cells=np.searchsorted(cells, results.cells),
        infeasible=np.searchsorted(cells, results.infeasible),
    )
    return ListedModel(part, placed, theta, event, problem.grid, cells, base, stands_for, own)


@dataclass(frozen=True, eq=False)
class LazyModel:
    """The belief of the Gaussian process about a grid of which only candidates are looked at."""

    problem: Problem
    results: Results
    theta: Theta
    event: int
    pending: Ints

    @cached_property
    def _first(self) -> ListedModel:
        """The process over the cells that are looked at first."""
        first = np.union1d(explored(self.problem, self.results), self._given)
        return listed_model(self.problem, self.results, self.theta, self.event, first)

    @cached_property
    def cells(self) -> Ints:
        """The candidates, ascending."""
        first, model = self._first.cells, self._first
        scores = model.scores(np.searchsorted(first, self.pending))
        scores = np.where(np.isnan(scores), -np.inf, scores)
        starts = first[np.argsort(-scores, kind="stable")[:ASCENTS]]
        ends = ascended(self.problem.grid, starts, self._score_from(model))
        ends = ends[self.problem.are_allowed(ends)]
        return kept(self.problem, first, scores, np.concatenate([ends, self._given]))

    @property
    def _given(self) -> Ints:
        return np.concatenate([self.results.known, self.pending])

    def _score_from(self, model: ListedModel) -> "_Scorer":
        return _Scorer(self.problem, self.results, model, self._given)

    @cached_property
    def inner(self) -> ListedModel:
        """The process over the candidates."""
        return listed_model(
            self.problem,
            self.results,
            self.theta,
            self.event,
            self.cells,
            base=self._first,
            stands_for=self._stands_for,
        )

    @property
    def _stands_for(self) -> Floats:
        """How many cells each candidate stands for: the even ones for all that are not listed."""
        even, n_cells = even_cells(self.problem)
        is_even = np.isin(self.cells, even) & ~np.isin(self.cells, self.results.known)
        n_even = max(1, int(is_even.sum()))
        each = (n_cells - (len(self.cells) - n_even)) / n_even
        return np.where(is_even, max(1.0, each), 1.0)

    def _places(self, cells: Ints) -> Ints:
        return np.searchsorted(self.cells, cells)

    @cached_property
    def mass(self) -> SparseMass:
        """P(best) of the candidates; the rest is that of the cells they stand for."""
        p = self.inner.p_best
        return SparseMass(self.problem.grid, self.cells, p, max(0.0, 1 - float(p.sum())))

    @property
    def conditioned_on(self) -> int:
        """How many cells with results the belief rests on."""
        return self.inner.conditioned_on

    @property
    def leader(self) -> int:
        """The tested cell that is best by the belief."""
        return int(self.cells[self.inner.leader])

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return mean and sd of the objective in some candidates."""
        return self.inner.moments(self._places(cells))

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return up to n candidates to test next."""
        known = np.intersect1d(pending, self.cells)  # opening cells need not be candidates
        found = self.inner.rank(self._places(known), n)
        return replace(found, cells=self.cells[found.cells])

    def similarity(self, cells: Ints) -> Floats:
        """Return how alike some candidates and the tested ones are, (m, N)."""
        return self.inner.similarity(self._places(cells))

    def regret(self, epsilon: float) -> Regret | None:
        """Return how far the leader may be from the best candidate."""
        return self.inner.regret(epsilon)

    def gain(self, cells: Ints) -> float | None:
        """Return by how much testing some candidates is expected to improve on the leader."""
        return self.inner.gain(self._places(cells))

    @property
    def conflict(self) -> Conflict | None:
        """How a user's prior agrees with the data."""
        return self.inner.conflict

    def trials_to_finish(self, epsilon: float, probability: float) -> int | None:
        """Return how many more trials it probably takes until the regret is small."""
        return self.inner.trials_to_finish(epsilon, probability)

    def repeat(self, new: int | None) -> Repeat | None:
        """Return what a second look at the leader is worth, beside one at a new candidate."""
        found = self.inner.repeat(None if new is None else int(self._places(np.array(new))))
        return found and replace(found, cell=int(self.cells[found.cell]))

    def second_looks(self) -> Ints:
        """Return leading cells, the one first that is most worth a second look."""
        return self.cells[self.inner.second_looks()]

    @property
    def noise_sd(self) -> float:
        """How far one more result scatters, in the metric's units near the median."""
        return self.inner.noise_sd

    def interval(self, cell: int) -> tuple[float, float]:
        """Return the range that holds a candidate's objective with 90 %."""
        return self.inner.interval(int(self._places(np.array(cell))))

    def importance(self) -> Importance | None:
        """Return None: a draw would be as large as the grid."""
        return None


class _Scorer:
    """The expected improvement of any cells, for the ascent."""

    def __init__(self, problem: Problem, results: Results, model: ListedModel, taken: Ints) -> None:
        self.problem, self.results, self.model = problem, results, model
        self.taken = np.sort(taken)
        self.labels = None
        if len(results.infeasible):
            self.labels = process_of(model.surrogate.space, model.results)

    def __call__(self, cells: Ints) -> Floats:
        """Return the score of cells, -inf where one cannot be suggested."""
        space = ListedSpace.listing(self.model.surrogate.space, cells)
        process = space.view(self.model.surrogate, NONE)
        mean = process.mean()[0].astype(np.float64)
        sd = np.sqrt(process.variance().astype(np.float64))
        score = log_expected_improvement(mean, sd, self.model.best) + self._terms(space, cells)
        return np.where(self._is_open(cells), score, -np.inf)

    def _terms(self, space: ListedSpace, cells: Ints) -> Floats:
        """Return what prior and feasibility add (7.3), (8.3)."""
        rows, prior, n = (
            _rows(self.problem.grid, cells),
            self.problem.prior,
            len(self.results.known),
        )
        log_prior = log_middle_at(self.model.middles, rows)
        if prior.axes:
            log_prior = np.log(prior.relative(rows))
        terms = prior_term(log_prior, n)
        if self.labels is not None:
            terms = terms + log_p_under(space.view(self.labels, NONE), self.model.results)
        return terms

    def _is_open(self, cells: Ints) -> Bools:
        is_open = self.problem.are_allowed(cells)
        if len(self.taken):
            places = np.minimum(np.searchsorted(self.taken, cells), len(self.taken) - 1)
            is_open &= self.taken[places] != cells
        return np.asarray(is_open)


def _rows(grid: Grid, cells: Ints) -> Ints:
    pairs = zip(grid.shape, grid.strides, strict=True)
    return np.stack([cells // stride % size for size, stride in pairs], axis=1)
