"""The next cells while no value is known: an even walk, or near the middle and apart.

Several workers ask before the first result comes back. Where all axes are ordered, each gets the
cell of which least is known under the prior of the process once those before it are measured,
with a preference for the middle: on measured tables far better than an even walk.
Equations are numbered in docs/explanation/engine.md.
"""

from itertools import islice

import numpy as np

from beliefgrid.search.acquisition import log_middle_at, middles_of
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.fit import default_theta
from beliefgrid.search.kernel import Space
from beliefgrid.search.model import Ranking
from beliefgrid.search.problem import Problem
from beliefgrid.search.sequence import one_after_the_other
from beliefgrid.search.start import begins_in_the_middle
from beliefgrid.search.streams import stream
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.walk import walk

POOL = 1_024  # cells of the walk among which the choice is made
MIDDLES = 3.0  # so many times the preference of (7.8)
TIE = 1e-6  # scores that differ by less are drawn lots for: grids are full of symmetries


def opening(problem: Problem, under_way: Ints, n: int) -> Ranking:
    """Return up to n cells to test besides those under way, before any value is known."""
    if not len(under_way) or not begins_in_the_middle(problem):
        taken = set(under_way.tolist())
        free = (cell for cell in walk(problem) if cell not in taken)
        return Ranking.unscored("walk", list(islice(free, n)))
    walked = np.array(list(islice(walk(problem), POOL + len(under_way))), dtype=np.int64)
    lots = stream(problem.seed, 0, "opening").random(len(walked))
    is_free = ~np.isin(walked, under_way)
    return Ranking.unscored(
        "start", _apart(problem, under_way, walked[is_free], TIE * lots[is_free], n)
    )


def _apart(problem: Problem, under_way: Ints, pool: Ints, lots: Floats, n: int) -> list[int]:
    if not len(pool):
        return []
    process = _before_any_value(problem, under_way)
    levels = np.stack(np.unravel_index(pool, problem.grid.shape), axis=1)
    extra = MIDDLES * log_middle_at(middles_of(problem.grid), levels) + lots

    def score(sd: Floats) -> Floats:  # (7.9)
        return np.log(sd) + extra

    _, covariance = process.joint(pool)
    first = int(score(np.sqrt(np.diagonal(covariance))).argmax())
    order = np.argsort(np.arange(len(pool)) != first, kind="stable")
    pool, extra, covariance = pool[order], extra[order], covariance[np.ix_(order, order)]
    noise = default_theta(process.space, problem.noise).noise
    found = one_after_the_other(covariance, noise, score, n)
    cells: list[int] = pool[found.places].tolist()
    return cells


def _before_any_value(problem: Problem, under_way: Ints) -> Surrogate:
    """Return the process under the mean of its prior, as if what is under way were measured."""
    space = Space.of(problem.grid)
    theta = default_theta(space, problem.noise)
    nothing = np.zeros(len(under_way))
    return Surrogate.condition(
        space, theta, cells=under_way, targets=nothing, noise=nothing + theta.noise
    )
