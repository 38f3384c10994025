"""How probable theta is, given the results: minus the logarithm, its gradient and curvature.

Notation: n results (see `targets`), d axes; p = (log l (d), logit c (d), log s^2, log sigma^2,
lambda) is the vector that a fit searches.
    R (n, n)  correlation: product of the axes' kernels at the results
    C (n, n)  s^2 R + tau^2 + noise + jitter, (1.4)
    alpha     C^-1 t;    A = alpha alpha' - C^-1
Equations are numbered in docs/explanation/engine.md.
"""

import math
from dataclasses import dataclass

import numpy as np

from beliefgrid.search import warp
from beliefgrid.search.arrays import Floats
from beliefgrid.search.cholesky import factorise, inverse_of
from beliefgrid.search.descent import Box, minimum
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results
from beliefgrid.search.targets import stated_variance

TAU2 = 1.0  # variance of the constant mean, which is integrated out
JITTER = 1e-8  # of s^2

# Priors: mean and sd of a normal over each logarithm
LOG_LENGTHSCALE_ORDERED, LOG_LENGTHSCALE_CATEGORICAL, LOG_LENGTHSCALE_SD = -1.5, 0.0, 1.0
PER_LOG_AXES = 0.5  # longer with more axes
FEW_LEVELS = 1.5  # longer on ordered axes with few levels: those that matter are given more
LOGIT_FLOOR, LOGIT_FLOOR_SD = -2.0, 1.0
LOG_SIGNAL, LOG_SIGNAL_SD = 0.0, 1.0
LOG_NOISE = {"none": (-14.0, 1.0), "some": (-7.0, 2.0), "high": (-4.0, 1.0)}
POWER, POWER_SD = 1.0, 0.5

LOG_LENGTHSCALE_BOUNDS = (math.log(0.02), math.log(100))
LOGIT_FLOOR_BOUNDS = (-8.0, 8.0)
LOG_SIGNAL_BOUNDS = (-8.0, 8.0)
LOG_NOISE_BOUNDS = (math.log(1e-6), 3.0)
POWER_BOUNDS = (0.0, 2.0)

ENOUGH_FOR_CURVATURE = 48  # results: it only shows a descent its first way
FURTHEST = 1.5  # sds of the prior in one step


@dataclass(frozen=True, eq=False)
class HyperPrior:
    """Independent normals over p, and its bounds."""

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats


def prior_of(space: Space, noise: str) -> HyperPrior:
    """Return the prior over p of a space."""
    d = space.n_axes
    ordered = LOG_LENGTHSCALE_ORDERED + FEW_LEVELS / np.array(space.n_levels)
    lengthscale = np.where(space.is_ordered, ordered, LOG_LENGTHSCALE_CATEGORICAL)
    lengthscale += PER_LOG_AXES * math.log(max(1, d))
    log_noise, log_noise_sd = LOG_NOISE[noise]
    noise_bounds = LOG_NOISE_BOUNDS
    if noise == "none":
        log_noise, noise_bounds = LOG_NOISE_BOUNDS[0], (LOG_NOISE_BOUNDS[0],) * 2
    bounds = np.array(
        [LOG_LENGTHSCALE_BOUNDS] * d
        + [LOGIT_FLOOR_BOUNDS] * d
        + [LOG_SIGNAL_BOUNDS, noise_bounds, POWER_BOUNDS]
    )
    return HyperPrior(
        mean=np.concatenate([lengthscale, np.full(d, LOGIT_FLOOR), [LOG_SIGNAL, log_noise, POWER]]),
        sd=np.concatenate(
            [
                np.full(d, LOG_LENGTHSCALE_SD),
                np.full(d, LOGIT_FLOOR_SD),
                [LOG_SIGNAL_SD, log_noise_sd, POWER_SD],
            ]
        ),
        low=bounds[:, 0],
        high=bounds[:, 1],
    )


@dataclass(frozen=True, eq=False)
class _At:
    """What the value and its derivatives at one p are made of."""

    signal: float
    noise: float
    power: float
    kernels: Floats  # (E,)
    by_length: Floats  # (E,) derivatives of the kernels' logarithms by log l
    by_floor: Floats  # (E,) by logit c
    covariance: Floats  # (n, n) s^2 R
    targets: Floats  # (n,)
    targets_by_power: Floats  # (n,)
    stated: Floats  # (n,) variances that the user stated, in warped units
    lower: Floats  # (n, n) Cholesky factor of C


class Objective:
    """Minus the log posterior density of p, with its gradient."""

    def __init__(
        self, space: Space, results: Results, noise: str, location: float, scale: float
    ) -> None:
        self.space, self.prior = space, prior_of(space, noise)
        self._given = results, noise, location, scale
        self.z = warp.standardise(results.values, location, scale)
        self.log_jacobian = warp.log_jacobian(self.z)
        self.shared = results.shared
        self.stated = stated_variance(results, scale)
        levels = space.levels(results.cells)
        starts = zip(space.starts.tolist(), space.sizes, strict=True)
        self.pairs = np.array(  # (d, n, n): where each pair of results lies in the flat kernels
            [
                start + levels[:, axis][:, None] * size + levels[:, axis]
                for axis, (start, size) in enumerate(starts)
            ],
            dtype=np.int64,
        ).reshape(space.n_axes, len(levels), len(levels))
        self.indicators = [  # per axis: (n_a, n), which level each result has
            (np.arange(size)[:, None] == levels[:, axis]).astype(np.float64)
            for axis, size in enumerate(space.sizes)
        ]

    def __call__(self, p: Floats) -> tuple[float, Floats]:
        """Return the value and its gradient at p."""
        d, at = self.space.n_axes, self._at(p)
        inverse = inverse_of(at.lower)
        alpha = inverse @ at.targets
        residual = (p - self.prior.mean) / self.prior.sd
        value = (
            0.5 * float(at.targets @ alpha)
            + float(np.log(at.lower.diagonal()).sum())
            - (at.power - 1) * float(self.log_jacobian.sum())
            + 0.5 * float(residual @ residual)
        )  # (3.1)
        a = alpha[:, None] * alpha - inverse
        on_diagonal, weights = a.diagonal(), a * at.covariance
        by_level = self._by_level(weights)
        gradient = residual / self.prior.sd
        gradient[:d] -= 0.5 * self.space.sum_by_axis(by_level * at.by_length)  # (3.2)
        gradient[d : 2 * d] -= 0.5 * self.space.sum_by_axis(by_level * at.by_floor)
        gradient[2 * d] -= 0.5 * (
            float(weights.sum()) + JITTER * at.signal * float(on_diagonal.sum())
        )
        gradient[2 * d + 1] -= 0.5 * at.noise * float(on_diagonal @ self.shared)
        gradient[2 * d + 2] += (
            float(alpha @ at.targets_by_power)
            - float(self.log_jacobian.sum())
            - float(on_diagonal @ (self.log_jacobian * at.stated))
        )  # (3.3)
        return value, gradient

    def information(self, p: Floats) -> Floats:
        """Return what the results are expected to add to the second derivatives at p (3.5)."""
        d, n, at = self.space.n_axes, len(self.shared), self._at(p)
        slopes = np.zeros((2 * d + 2, n, n))  # of C
        np.multiply(at.by_length.take(self.pairs), at.covariance, out=slopes[:d])
        np.multiply(at.by_floor.take(self.pairs), at.covariance, out=slopes[d : 2 * d])
        slopes[2 * d] = at.covariance
        np.fill_diagonal(slopes[2 * d + 1], at.noise * self.shared)
        inverse = inverse_of(at.lower)
        relative = (slopes.reshape(-1, n) @ inverse).reshape(slopes.shape)
        one = relative.reshape(len(slopes), -1)
        other = relative.transpose(0, 2, 1).reshape(len(slopes), -1)
        found = np.zeros((2 * d + 3, 2 * d + 3))
        found[:-1, :-1] = 0.5 * one @ other.T
        found[-1, -1] = at.targets_by_power @ inverse @ at.targets_by_power
        return found

    def minimum(self, start: Floats) -> tuple[float, Floats]:
        """Return the least value found from a start, and where."""
        prior = self.prior
        box = Box(prior.low, prior.high, FURTHEST * prior.sd)
        return minimum(self, start, box, self._curvature(box.clip(start)))

    def _curvature(self, p: Floats) -> Floats:
        """Return about what the second derivatives at p are, by some of the results."""
        results, noise, location, scale = self._given
        few, every = self, math.ceil(len(self.z) / ENOUGH_FOR_CURVATURE)
        if every > 1:
            some = results.keep(np.arange(0, len(self.z), every))
            few = Objective(self.space, some, noise, location, scale)
        share = len(self.z) / len(few.z)
        return np.diag(self.prior.sd**-2.0) + share * few.information(p)

    def _at(self, p: Floats) -> _At:
        d, n = self.space.n_axes, len(self.shared)
        floors = 1 / (1 + np.exp(-p[d : 2 * d]))
        signal, noise, power = math.exp(p[2 * d]), math.exp(p[2 * d + 1]), float(p[2 * d + 2])
        kernels, by_length, by_floor = self.space.kernels_and_gradients(p[:d], floors)
        covariance = signal * kernels.take(self.pairs).prod(axis=0)
        targets, targets_by_power = warp.forward_and_by_power(self.z, power)
        stated = self.stated * warp.slope(self.z, power) ** 2 if self.stated.any() else self.stated
        full = covariance + TAU2
        full.flat[:: n + 1] += noise * self.shared + stated + JITTER * signal  # (1.4)
        return _At(
            signal=signal,
            noise=noise,
            power=power,
            kernels=kernels,
            by_length=by_length / kernels,
            by_floor=by_floor / kernels,
            covariance=covariance,
            targets=targets,
            targets_by_power=targets_by_power,
            stated=stated,
            lower=factorise(full, signal),
        )

    def _by_level(self, weights: Floats) -> Floats:
        """Return the sum of a matrix over the pairs of results at each pair of levels, (E,)."""
        sums = [(one @ weights @ one.T).ravel() for one in self.indicators]
        return np.concatenate(sums) if sums else np.zeros(0)
