"""A Gaussian process over a grid, conditioned on results.

Notation: G cells, n results, k right-hand sides (several sets of targets share one factor).
    covariance of the process   s^2 R + tau^2, with R the Kronecker product of the axes' kernels
    lower    (n, n)   Cholesky factor of C, (1.4)
    weights  (n, k)   C^-1 targets
Arrays as large as the grid are float32 on large grids, the rest is float64.
Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import blas

from beliefgrid.search.arrays import Floats, Ints, Reals
from beliefgrid.search.cholesky import factorise, inverse_factor, solve
from beliefgrid.search.factors import Covariances
from beliefgrid.search.kernel import Space
from beliefgrid.search.theta import Theta
from beliefgrid.search.theta_density import JITTER, TAU2

DOUBLE_UP_TO = 4_096  # cells; double precision costs nothing there
SMALLEST_VARIANCE = 1e-9  # of s^2


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The belief about the objective in every cell, in the units of the model."""

    space: Space
    signal: float
    cells: Ints  # (n,)
    targets: Floats  # (n, k)
    noise: Floats  # (n,) with the jitter
    lower: Floats  # (n, n)
    weights: Floats  # (n, k)
    factors: Covariances  # correlation of all cells with the results

    @classmethod
    def condition(
        cls,
        space: Space,
        theta: Theta,
        *,
        cells: Ints,
        targets: Floats,
        noise: Floats,
        dtype: type[np.floating] | None = None,
    ) -> "Surrogate":
        """Return the process given targets (n,) or (n, k) with variances `noise` at cells."""
        dtype = dtype or dtype_for(space.n_cells)
        levels, lengthscales = space.levels(cells), np.array(theta.log_lengthscales)
        factors = space.correlations(lengthscales, theta.floors, levels, dtype)
        targets = targets.reshape(len(cells), -1)
        noise = noise + JITTER * theta.signal
        full = theta.signal * factors.between(levels, levels) + TAU2
        full[np.diag_indices_from(full)] += noise  # (1.4)
        lower = factorise(full, theta.signal)
        return cls(
            space=space,
            signal=theta.signal,
            cells=cells,
            targets=targets,
            noise=noise,
            lower=lower,
            weights=solve(lower, targets),
            factors=factors,
        )

    @cached_property
    def _half(self) -> Floats:
        """L^-1, (n, n): the product with its transpose is C^-1."""
        return inverse_factor(self.lower)

    # ------------------------------------------------------------ the whole grid
    def mean(self) -> Reals:
        """Return the mean of every cell under each set of targets, (k, G) (4.1)."""
        return self.weighted(self.weights.T)

    def weighted(self, weights: Floats, out: Reals | None = None) -> Reals:
        """Return the covariance of all cells with the results times vectors (k, n), as (k, G)."""
        found = self.factors.weighted(self.signal * weights, out)
        found += (TAU2 * weights.sum(axis=1)).astype(found.dtype)[:, None]
        return found

    def variance(self) -> Reals:
        """Return the variance of the objective in every cell, without noise, (G,) (4.2)."""
        variance = np.empty(self.factors.n_cells, dtype=self.factors.dtype)
        half = np.asfortranarray(self._half, dtype=self.factors.dtype)
        times = blas.dtrmm if variance.dtype == np.float64 else blas.strmm
        for cells, covariance in self.covariances():
            projected = times(1.0, half, covariance.T, lower=1, overwrite_b=1)  # in its place
            variance[cells] = self.signal + TAU2 - np.einsum("ij,ij->j", projected, projected)
        return np.maximum(variance, SMALLEST_VARIANCE * self.signal)

    def covariances(self) -> Iterator[tuple[slice, Reals]]:
        """Yield blocks of cells, and their covariance with the results before these came (4.3)."""
        for cells, block in self.factors.blocks():
            block *= block.dtype.type(self.signal)  # noqa: PLW2901 - in place: it is large
            block += block.dtype.type(TAU2)  # noqa: PLW2901
            yield cells, block

    # ------------------------------------------------------------ single cells
    def prior_covariance(self, rows: Ints, columns: Ints) -> Floats:
        """Return the covariance of the objective between cells, before any result."""
        return self.signal * self.correlation(rows, columns) + TAU2

    def correlation(self, rows: Ints, columns: Ints) -> Floats:
        """Return how alike cells are under the kernel, 0 to 1."""
        return self.factors.between(self.space.levels(rows), self.space.levels(columns))

    def joint(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return the mean (k, m) and the covariance (m, m) of the objective in m cells."""
        with_results = self.prior_covariance(cells, self.cells)
        projected = with_results @ self._half.T
        covariance = self.prior_covariance(cells, cells) - projected @ projected.T
        return (with_results @ self.weights).T, covariance

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return the mean and sd of the objective in some cells under the first targets."""
        with_results = self.prior_covariance(cells, self.cells)
        projected = with_results @ self._half.T
        variance = self.signal + TAU2 - np.einsum("ij,ij->i", projected, projected)
        variance = np.maximum(variance, SMALLEST_VARIANCE * self.signal)
        return with_results @ self.weights[:, 0], np.sqrt(variance)


def dtype_for(n_cells: int) -> type[np.floating]:
    """Return the precision of arrays as large as the grid."""
    return np.float64 if n_cells <= DOUBLE_UP_TO else np.float32
