"""What the Gaussian process is told: warped results, and stand-ins for cells that cannot work.

Notation: N cells with values, M infeasible ones, n = N + M rows in this order.
    targets (n,)  what the process explains: warped, shifted by `centre`
    noise   (n,)  variance of each target
"""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search import warp
from beliefgrid.search.arrays import Floats
from beliefgrid.search.observations import Results
from beliefgrid.search.theta import Theta

WORSE_BY_RANGE, WORSE_BY = 0.5, 1.0  # an infeasible cell is that much worse than the worst


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets of all rows, in the units of the model."""

    values: Floats  # (n,)
    noise: Floats  # (n,)
    centre: float  # values + centre are warped results


def targets_of(results: Results, theta: Theta) -> Targets:
    """Return what the process is told under theta."""
    z = warp.standardise(results.values, theta.location, theta.scale)
    w = warp.forward(z, theta.power)
    stated = stated_variance(results, theta.scale) * warp.slope(z, theta.power) ** 2
    n_bad = len(results.infeasible)
    centre, stand_in = imputed(w, n_bad)
    return Targets(
        values=np.concatenate([w - centre, np.full(n_bad, stand_in - centre)]),
        noise=np.concatenate([theta.noise * results.shared + stated, np.full(n_bad, theta.noise)]),
        centre=centre,
    )


def stated_variance(results: Results, scale: float) -> Floats:
    """Return the variances that the user stated, in standardised units."""
    return np.minimum((np.sqrt(results.given) / scale) ** 2, 1e12)


def imputed(w: Floats, n_bad: int) -> tuple[float, float]:
    """Return the centre of the process and the stand-in for infeasible cells (8.1), (8.2).

    Without infeasible cells nothing is shifted. With them the process falls back, far from
    data, on the mix of good and bad that was met so far.
    """
    if n_bad == 0:
        return 0.0, 0.0
    if len(w) == 0:
        worst, spread, mean = 0.0, 0.0, 0.0
    else:
        worst, spread, mean = float(w.max()), float(w.max() - w.min()), float(w.mean())
    stand_in = worst + WORSE_BY_RANGE * spread + WORSE_BY
    works = share_that_works(len(w), n_bad)
    return works * mean + (1 - works) * stand_in, stand_in


def imputed_by_power(w: Floats, by_power: Floats, n_bad: int) -> tuple[float, float]:
    """Return the derivatives of `imputed` by lambda, given those of w."""
    if n_bad == 0 or len(w) == 0:
        return 0.0, 0.0
    worst, best = float(by_power[w.argmax()]), float(by_power[w.argmin()])
    stand_in = worst + WORSE_BY_RANGE * (worst - best)
    works = share_that_works(len(w), n_bad)
    return works * float(by_power.mean()) + (1 - works) * stand_in, stand_in


def share_that_works(n_good: int, n_bad: int) -> float:
    """Return how likely a cell works, before anything is known of it (8.3)."""
    return (n_good + 0.5) / (n_good + n_bad + 1)
