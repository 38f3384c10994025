"""Cells that are under way: the acquisition is averaged over results that they may bring.

Notation: q pending cells, k fantasies: joint draws of the q results, in antithetic pairs, so
that their mean is exactly the mean of the process.
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beliefgrid.search.acquisition import log_expected_improvement
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.theta import Theta

N_FANTASIES, N_ON_LARGE_GRIDS = 64, 16
LARGE = 20_000  # cells: above, each fantasy takes milliseconds
BELIEVE_ABOVE = 100_000  # cells: there one fantasy, the mean, must do


@dataclass(frozen=True, eq=False)
class Fantasies:
    """A process conditioned on k sets of fantasised results as well."""

    surrogate: Surrogate
    pending: Ints

    @cached_property
    def mean(self) -> Floats:
        """Mean of every cell in each fantasy, (k, G)."""
        return self.surrogate.mean().astype(np.float64)

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of every cell, the same in each fantasy, (G,)."""
        return np.sqrt(self.surrogate.variance().astype(np.float64))

    def best(self, tested: Ints) -> Floats:
        """Return the lowest mean of a tested or fantasised cell in each fantasy, (k,)."""
        return np.asarray(self.mean[:, np.concatenate([tested, self.pending])].min(axis=1))

    def log_expected_improvement(self, tested: Ints) -> Floats:
        """Return the log of the expected improvement, averaged over fantasies, (G,) (7.5)."""
        highest, total = np.full(len(self.sd), -np.inf), np.zeros(len(self.sd))
        for mean, best in zip(self.mean, self.best(tested).tolist(), strict=True):
            term = log_expected_improvement(mean, self.sd, best)
            new = np.maximum(highest, term)
            total = total * np.exp(highest - new) + np.exp(term - new)
            highest = new
        return np.asarray(highest + np.log(total / len(self.mean)))


def fantasised(
    surrogate: Surrogate,
    theta: Theta,
    pending: Ints,
    *,
    noise: float,
    normals: np.random.Generator,
) -> Fantasies:
    """Return the process with what the pending cells may bring, each with some noise."""
    mean, covariance = surrogate.joint(pending)
    noises = np.full(len(pending), noise)
    draws = np.zeros((1, len(pending)))
    if surrogate.factors.n_cells <= BELIEVE_ABOVE:
        values, vectors = np.linalg.eigh(covariance + np.diag(noises))
        n = N_FANTASIES if surrogate.factors.n_cells <= LARGE else N_ON_LARGE_GRIDS
        half = normals.standard_normal((n // 2, len(pending)))
        half = (half * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        draws = np.concatenate([half, -half])
    known = np.repeat(surrogate.targets[:, :1], len(draws), axis=1)
    conditioned = Surrogate.condition(
        surrogate.space,
        theta,
        cells=np.concatenate([surrogate.cells, pending]),
        targets=np.concatenate([known, (mean[0] + draws).T]),
        noise=np.concatenate([surrogate.noise, noises]),
        dtype=surrogate.factors.dtype,
    )
    return Fantasies(conditioned, pending)
