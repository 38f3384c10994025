"""Whether to measure the leader again, or a new cell; and what is measured again at the end.

Notation: m cells, tested ones and a new one; mu (m,) their means; s (m,) how far a measurement
of one of them moves each mean, per standard deviation of its outcome; z standard normal.
    gain = min mu - E min(mu + s z)                                                (11.5)
is what a measurement is expected to do for the cell that is then chosen. A lucky leader is
worth a second look when its own gain is the larger one: that is advice, and no cell is suggested
twice for it. Only a study that says `noise: high` and has a budget of trials spends the last
tenth of them on second looks, at the leading cells with the largest gain.
Equations are numbered in docs/explanation/engine.md.
"""

import math
from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.problem import Problem

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
RIVALS = 32  # tested cells, the best by mean, among which the choice is made
LOOKED_AT_AGAIN = 6  # of them, at the end
LAST = 0.1  # share of the budget
LEAST = 1e-3  # gain that is worth a trial, in warped units
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a second look at the leader is worth, beside a look at a new cell."""

    cell: int
    gain: float
    gain_of_new: float
    is_advised: bool  # whether the leader should be measured again first


def second_looks_left(problem: Problem, n_trials: int) -> int:
    """Return how many of the trials that are left go to second looks, after n trials (11.6)."""
    if problem.noise != "high" or problem.n_trials is None:
        return 0
    left = problem.n_trials - n_trials
    return left if 0 < left <= math.ceil(LAST * problem.n_trials) else 0


def gain_of_measuring(place: int, mean: Floats, covariance: Floats, noise: float) -> float:
    """Return by how much a measurement of one cell lowers the mean that is chosen (11.5)."""
    spread = float(np.sqrt(max(covariance[place, place] + noise, TINY)))
    moved = mean[:, None] + (covariance[:, place] / spread)[:, None] * NODES
    return max(0.0, float(mean.min() - moved.min(axis=0) @ WEIGHTS))


def worth_a_second_look(mean: Floats, covariance: Floats, noise: float) -> Ints:
    """Return places of the first few cells, the one with the largest gain first (11.6)."""
    places = range(min(LOOKED_AT_AGAIN, len(mean)))
    gains = np.array([gain_of_measuring(place, mean, covariance, noise) for place in places])
    return np.argsort(-gains, kind="stable")
