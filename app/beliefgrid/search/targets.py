"""What the Gaussian process is told: results in the units of the model.

Notation: N cells with values.
    targets (N,)  what the process explains: warped results
    noise   (N,)  variance of each target
    noise_of_next variance of one more result: that of a typical one, learned or stated
"""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search import warp
from beliefgrid.search.arrays import Floats
from beliefgrid.search.observations import Results
from beliefgrid.search.theta import Theta


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets of all rows, in the units of the model."""

    values: Floats  # (N,)
    noise: Floats  # (N,)
    noise_of_next: float


def targets_of(results: Results, theta: Theta) -> Targets:
    """Return what the process is told under theta."""
    z = warp.standardise(results.values, theta.location, theta.scale)
    stated = stated_variance(results, theta.scale) * warp.slope(z, theta.power) ** 2
    noise = theta.noise * results.shared + stated
    is_stated = bool(results.given.any())
    return Targets(
        values=warp.forward(z, theta.power),
        noise=noise,
        noise_of_next=float(np.median(noise * results.counts)) if is_stated else theta.noise,
    )


def stated_variance(results: Results, scale: float) -> Floats:
    """Return the variances that the user stated, in standardised units."""
    return np.minimum((np.sqrt(results.given) / scale) ** 2, 1e12)
