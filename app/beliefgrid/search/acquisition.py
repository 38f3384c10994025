"""How much a test of a cell promises.

Notation: lower is better; u = (best - mean) / sd; phi, Phi density and distribution function
of a standard normal. Equations are numbered in docs/explanation/engine.md.
"""

import math

import numpy as np
from scipy.special import erfcx, ndtr

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.grid import Grid

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
FAR = -1e5  # below it log(1 + u Phi/phi) has lost its digits, and -2 log|u| is exact
PRIOR_WEIGHT = 10.0  # beta of (7.3)
LCB_SDS = 1.0
MIDDLE = 0.1  # so much less log prior at the end of an axis than in its middle
WITH_MIDDLE = 3  # levels from which an axis has a middle


def log_expected_improvement(mean: Floats, sd: Floats, best: float | Floats) -> Floats:
    """Return log E[max(best - f, 0)], which does not underflow (7.1)."""
    return np.asarray(np.log(sd) + log_h((best - mean) / sd))


def log_h(u: Floats) -> Floats:
    """Return log(phi(u) + u Phi(u)) (7.2) Ament et al. 2023."""
    found = np.empty_like(u)
    is_near = u > -1
    near, far = u[is_near], u[~is_near]
    found[is_near] = np.log(np.exp(-0.5 * near * near - LOG_SQRT_2PI) + near * ndtr(near))
    low = np.maximum(far, FAR)
    ratio = math.sqrt(math.pi / 2) * erfcx(low * -math.sqrt(0.5))  # Phi / phi
    tail = np.where(far > FAR, np.log1p(low * ratio), -2 * np.log(np.maximum(-far, 1.0)))
    found[~is_near] = tail - 0.5 * far * far - LOG_SQRT_2PI
    return found


def improvement_parts(mean: Floats, sd: Floats, best: float) -> tuple[Floats, Floats]:
    """Return the expected improvement as what the mean adds and what the sd adds (7.4)."""
    u = (best - mean) / sd
    density = np.exp(-0.5 * u * u - LOG_SQRT_2PI)
    return np.asarray((best - mean) * ndtr(u)), np.asarray(sd * density)


def prior_term(log_prior: Floats, n_results: int) -> Floats:
    """Return what a user's prior adds to a score; it fades as results come (7.3)."""
    return PRIOR_WEIGHT / max(n_results, 1) * log_prior


def log_middle(grid: Grid) -> Floats:
    """Return a mild preference for the middle of the axes, as a log prior, (G,) (7.8).

    It is for scores only, while no user gave a prior: people lay grids around what they hope for,
    and without it the first picks of the model are corners. Grids with a categorical axis gained
    nothing from it, so there it is zero.
    """
    total = np.zeros((1,))
    for preference in middles_of(grid):
        total = (total[:, None] + preference[None, :]).ravel()
    return total


def log_middle_at(middles: list[Floats], rows: Ints) -> Floats:
    """Return the same in some cells, given by their levels (m, d)."""
    columns = [of[rows[:, axis]] for axis, of in enumerate(middles)]
    return np.asarray(np.sum(columns, axis=0))


def middles_of(grid: Grid) -> list[Floats]:
    """Return the preference for the middle of each axis, (n_a,)."""
    is_used = all(parameter.is_ordered for parameter in grid.parameters)
    found = []
    for axis, size in enumerate(grid.shape):
        place = np.empty(size)
        place[grid.display_order(axis)] = np.arange(size)
        off = (2 * place / max(1, size - 1) - 1) ** 2
        found.append(-MIDDLE * off if is_used and size >= WITH_MIDDLE else np.zeros(size))
    return found
