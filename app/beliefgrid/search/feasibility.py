"""P(a cell works at all), learned from the cells that worked and those that could not.

A second Gaussian process explains labels: +1 worked, -1 infeasible. Its hyperparameters are
fixed: a handful of labels says too little about them, and a fit of them was over-confident.
A rule behind the holes spans many cells, so lengthscales and floors are larger than those of
the objective.
Equations are numbered in docs/explanation/engine.md.
"""

import math

import numpy as np
from scipy.special import log_ndtr

from beliefgrid.search.arrays import Floats
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.theta import Theta

LOG_LENGTHSCALE_ORDERED, LOG_LENGTHSCALE_CATEGORICAL = -1.0, 0.0
PER_LOG_AXES = 0.5  # longer with more axes, as for the objective
LOG_SIGNAL, LOG_NOISE = -0.5, -2.5
SLACK = 0.05  # added to the variance: keeps probabilities away from 0 and 1
LEAST = -14.0  # a cell that looks impossible is only a million times less promising


def log_p_feasible(space: Space, results: Results) -> Floats:
    """Return log P(works) of every cell, (G,); 0 for all while none was infeasible (8.2)."""
    if not len(results.infeasible):
        return np.zeros(space.n_cells)
    return log_p_under(process_of(space, results), results)


def process_of(space: Space, results: Results) -> Surrogate:
    """Return the process that explains the labels."""
    n_good, n_bad = len(results.cells), len(results.infeasible)
    theta = _theta(space)
    labels = np.concatenate([np.ones(n_good), -np.ones(n_bad)])
    return Surrogate.condition(
        space,
        theta,
        cells=results.known,
        targets=labels - _centre(results),
        noise=np.full(n_good + n_bad, theta.noise),
    )


def log_p_under(process: Surrogate, results: Results) -> Floats:
    """Return log P(works) of every cell that a process is about (8.2)."""
    mean = process.mean()[0].astype(np.float64) + _centre(results)
    variance = process.variance().astype(np.float64)
    u = mean / np.sqrt(variance + math.exp(LOG_NOISE) + SLACK)
    return np.asarray(np.maximum(log_ndtr(u), LEAST))


def _centre(results: Results) -> float:
    return 2 * share_that_works(len(results.cells), len(results.infeasible)) - 1


def share_that_works(n_good: int, n_bad: int) -> float:
    """Return how likely a cell works, before anything is known of it (8.1)."""
    return (n_good + 0.5) / (n_good + n_bad + 1)


def _theta(space: Space) -> Theta:
    d = space.n_axes
    lengthscales = np.where(
        space.is_ordered, LOG_LENGTHSCALE_ORDERED, LOG_LENGTHSCALE_CATEGORICAL
    ) + PER_LOG_AXES * math.log(max(1, d))
    return Theta(
        log_lengthscales=tuple(lengthscales.tolist()),
        logit_floors=(0.0,) * d,
        log_signal=LOG_SIGNAL,
        log_noise=LOG_NOISE,
        power=1.0,
        location=0.0,
        scale=1.0,
        fitted_on=0,
        fits=0,
    )
