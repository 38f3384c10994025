"""Fitting theta: the most probable hyperparameters given the results (MAP).

Notation: n results (see `targets`), d axes; p = (log l (d), logit c (d), log s^2, log sigma^2,
lambda) is the vector that is searched.
    R (n, n)  correlation: product of the axes' kernels at the results
    C (n, n)  s^2 R + tau^2 + noise + jitter, (1.4)
    alpha     C^-1 t;    A = alpha alpha' - C^-1
Equations are numbered in docs/explanation/engine.md.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from beliefgrid.search import warp
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.cholesky import factorise, inverse_of
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results
from beliefgrid.search.streams import stream
from beliefgrid.search.targets import stated_variance
from beliefgrid.search.theta import Theta

TAU2 = 1.0  # variance of the constant mean, which is integrated out
JITTER = 1e-8  # of s^2

# Priors: mean and sd of a normal over each logarithm
LOG_LENGTHSCALE_ORDERED, LOG_LENGTHSCALE_CATEGORICAL, LOG_LENGTHSCALE_SD = -1.5, 0.0, 1.0
PER_LOG_AXES = 0.5  # longer with more axes
LOGIT_FLOOR, LOGIT_FLOOR_SD = -2.0, 1.0
LOG_SIGNAL, LOG_SIGNAL_SD = 0.0, 1.0
LOG_NOISE = {"none": (-14.0, 1.0), "some": (-7.0, 2.0), "high": (-4.0, 1.0)}
POWER, POWER_SD = 1.0, 0.5

LOG_LENGTHSCALE_BOUNDS = (math.log(0.02), math.log(100))
LOGIT_FLOOR_BOUNDS = (-8.0, 8.0)
LOG_SIGNAL_BOUNDS = (-8.0, 8.0)
LOG_NOISE_BOUNDS = (math.log(1e-6), 3.0)
POWER_BOUNDS = (0.0, 2.0)

EVERY_RESULT_UP_TO = 100
LARGEST_FIT, BEST_IN_FIT = 256, 64  # of more than 300 results these are fitted on
FIT_ALL_UP_TO = 300
LONG_AXIS = 64  # levels; of longer axes the fit looks only at those that results have
FRESH_START_EVERY = 5
MAX_STEPS = 60


def fitted(space: Space, results: Results, noise: str, previous: Theta | None, seed: int) -> Theta:
    """Return theta for these results: the previous one while it is good enough, else a new fit.

    Fitting starts from the previous theta; the first time and every fifth time also from the
    mean of the prior, and the more probable result is taken.
    """
    if previous is not None and len(previous.log_lengthscales) != space.n_axes:
        previous = None  # the grid was edited
    if len(results.cells) == 0:
        return default_theta(space, noise)
    if previous is not None and not _is_due(len(results.cells), previous.fitted_on):
        return previous
    location, scale = warp.location_and_scale(results.values)
    used = results.keep(_rows_to_fit(results, seed))
    if max(space.sizes, default=0) > LONG_AXIS:
        thin, cells = space.thinned(space.levels(used.cells))
        objective = Objective(thin, replace(used, cells=cells), noise, location, scale)
    else:
        objective = Objective(space, used, noise, location, scale)
    fits = previous.fits + 1 if previous else 1
    starts = [] if previous is None else [_vector(previous)]
    if previous is None or fits % FRESH_START_EVERY == 0:
        starts.append(objective.prior.mean)
    return _theta(
        space,
        _best_minimum(objective, starts),
        location=location,
        scale=scale,
        fitted_on=len(results.cells),
        fits=fits,
    )


def default_theta(space: Space, noise: str) -> Theta:
    """Return the mean of the prior, for when no result has a value."""
    mean = prior_of(space, noise).mean
    return _theta(space, mean, location=0.0, scale=1.0, fitted_on=0, fits=0)


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
    lengthscale = np.where(
        space.is_ordered, LOG_LENGTHSCALE_ORDERED, LOG_LENGTHSCALE_CATEGORICAL
    ) + PER_LOG_AXES * math.log(max(1, d))
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


class Objective:
    """Minus the log posterior density of p, with its gradient."""

    def __init__(
        self, space: Space, results: Results, noise: str, location: float, scale: float
    ) -> None:
        self.space, self.prior = space, prior_of(space, noise)
        self.z = warp.standardise(results.values, location, scale)
        self.log_jacobian = warp.log_jacobian(self.z)
        self.shared = results.shared
        self.stated = stated_variance(results, scale)
        levels = space.levels(results.cells)
        self.pairs = [  # per axis: where each pair of results lies in the flat kernels
            start + levels[:, axis][:, None] * size + levels[:, axis][None, :]
            for axis, (start, size) in enumerate(
                zip(space.starts.tolist(), space.sizes, strict=True)
            )
        ]
        self.indicators = [  # per axis: (n, n_a), which level each result has
            np.eye(size)[levels[:, axis]] for axis, size in enumerate(space.sizes)
        ]

    def __call__(self, p: Floats) -> tuple[float, Floats]:
        """Return the value and its gradient at p."""
        d = self.space.n_axes
        floors = 1 / (1 + np.exp(-p[d : 2 * d]))
        signal, noise, power = math.exp(p[2 * d]), math.exp(p[2 * d + 1]), float(p[2 * d + 2])
        kernels, by_length, by_floor = self.space.kernels_and_gradients(p[:d], floors)
        covariance = signal * self._correlation(kernels)
        targets, targets_by_power, stated, stated_by_power = self._targets(power)
        full = covariance + TAU2
        diagonal = noise * self.shared + stated + JITTER * signal
        full[np.diag_indices_from(full)] += diagonal  # (1.4)
        lower = factorise(full, signal)
        inverse = inverse_of(lower)
        alpha = inverse @ targets
        residual = (p - self.prior.mean) / self.prior.sd
        value = (
            0.5 * float(targets @ alpha)
            + float(np.log(np.diagonal(lower)).sum())
            - (power - 1) * float(self.log_jacobian.sum())
            + 0.5 * float(residual @ residual)
        )  # (3.1)
        a = np.outer(alpha, alpha) - inverse
        on_diagonal = np.diagonal(a)
        weights = self._by_level(a * covariance) / kernels
        gradient = residual / self.prior.sd
        gradient[:d] -= 0.5 * self.space.sum_by_axis(weights * by_length)  # (3.2)
        gradient[d : 2 * d] -= 0.5 * self.space.sum_by_axis(weights * by_floor)
        gradient[2 * d] -= 0.5 * (
            float((a * covariance).sum()) + JITTER * signal * float(on_diagonal.sum())
        )
        gradient[2 * d + 1] -= 0.5 * noise * float(on_diagonal @ self.shared)
        gradient[2 * d + 2] += (
            float(alpha @ targets_by_power)
            - float(self.log_jacobian.sum())
            - 0.5 * float(on_diagonal @ stated_by_power)
        )  # (3.3)
        return value, gradient

    def minimum(self, start: Floats) -> tuple[float, Floats]:
        """Return the least value found from a start, and where."""
        prior = self.prior
        found = minimize(
            self,
            np.clip(start, prior.low, prior.high),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(prior.low.tolist(), prior.high.tolist(), strict=True)),
            options={"maxiter": MAX_STEPS, "ftol": 1e-6, "gtol": 1e-3},
        )
        return float(found.fun), np.clip(found.x, prior.low, prior.high)

    def _correlation(self, kernels: Floats) -> Floats:
        n = len(self.shared)
        product = np.ones((n, n))
        for pairs in self.pairs:
            product *= kernels[pairs]
        return product

    def _by_level(self, weights: Floats) -> Floats:
        """Return the sum of a matrix over the pairs of results at each pair of levels, (E,)."""
        sums = [(one.T @ (weights @ one)).ravel() for one in self.indicators]
        return np.concatenate(sums) if sums else np.zeros(0)

    def _targets(self, power: float) -> tuple[Floats, Floats, Floats, Floats]:
        """Return targets and stated noise, each with its derivative by lambda."""
        stated = self.stated * warp.slope(self.z, power) ** 2
        return (
            warp.forward(self.z, power),
            warp.by_power(self.z, power),
            stated,
            2 * self.log_jacobian * stated,
        )


def _best_minimum(objective: Objective, starts: list[Floats]) -> Floats:
    try:
        return min((objective.minimum(start) for start in starts), key=lambda found: found[0])[1]
    except np.linalg.LinAlgError:  # results that no kernel explains: believe the prior
        return objective.prior.mean


def _theta(
    space: Space, p: Floats, *, location: float, scale: float, fitted_on: int, fits: int
) -> Theta:
    d = space.n_axes
    return Theta(
        log_lengthscales=tuple(p[:d].tolist()),
        logit_floors=tuple(p[d : 2 * d].tolist()),
        log_signal=float(p[2 * d]),
        log_noise=float(p[2 * d + 1]),
        power=float(p[2 * d + 2]),
        location=location,
        scale=scale,
        fitted_on=fitted_on,
        fits=fits,
    )


def _vector(theta: Theta) -> Floats:
    return np.array(
        [
            *theta.log_lengthscales,
            *theta.logit_floors,
            theta.log_signal,
            theta.log_noise,
            theta.power,
        ]
    )


def _is_due(n: int, fitted_on: int) -> bool:
    """Whether n results need a new fit after one on `fitted_on` (3.4)."""
    return n <= EVERY_RESULT_UP_TO or n < fitted_on or n - fitted_on >= math.ceil(n / 20)


def _rows_to_fit(results: Results, seed: int) -> Ints:
    n = len(results.cells)
    if n <= FIT_ALL_UP_TO:
        return np.arange(n)
    return best_and_spread(results, BEST_IN_FIT, LARGEST_FIT, seed)


def best_and_spread(results: Results, n_best: int, n_rows: int, seed: int) -> Ints:
    """Return the rows of the best results and, of the others, some spread over the grid."""
    order = np.argsort(results.values, kind="stable")
    others = np.sort(order[n_best:])
    offset = float(stream(seed, 0, "rows").random())
    places = (np.arange(n_rows - n_best) + offset) * len(others) / (n_rows - n_best)
    return np.sort(np.concatenate([order[:n_best], others[places.astype(np.int64)]]))
