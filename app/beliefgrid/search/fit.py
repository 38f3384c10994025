"""Fitting theta: the most probable hyperparameters given the results (MAP).

Equations are numbered in docs/explanation/engine.md.
"""

import math
from dataclasses import replace

import numpy as np

from beliefgrid.search import warp
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results
from beliefgrid.search.streams import stream
from beliefgrid.search.theta import Theta
from beliefgrid.search.theta_density import POWER_BOUNDS, Objective, prior_of

EVERY_RESULT_UP_TO = 100
LARGEST_FIT, BEST_IN_FIT = 256, 64  # of more than 300 results these are fitted on
FIT_ALL_UP_TO = 300
LONG_AXIS = 64  # levels; of longer axes the fit looks only at those that results have
FRESH_START_EVERY = 5
FAR = 10.0  # standardised: further from the median than ten spreads


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


def _best_minimum(objective: Objective, starts: list[Floats]) -> Floats:
    try:
        found = [objective.minimum(_bent(objective, start)) for start in starts]
        return min(found, key=lambda one: one[0])[1]
    except np.linalg.LinAlgError:  # results that no kernel explains: believe the prior
        return objective.prior.mean


def _bent(objective: Objective, start: Floats) -> Floats:
    """Return a start with the power under which far results are likeliest, if there are any.

    Else a descent takes what a diverged run left for noise, and learns nothing from the others.
    """
    if np.abs(objective.z).max() <= FAR:
        return start
    bent = [start, *(np.append(start[:-1], power) for power in POWER_BOUNDS)]
    return min(bent, key=lambda p: objective(p)[0])


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
