"""What the Gaussian process is told: results in the units of the model.

Notation: N cells with values.
    targets (N,)  what the process explains: warped results
    noise   (N,)  variance of each target
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


def targets_of(results: Results, theta: Theta) -> Targets:
    """Return what the process is told under theta."""
    z = warp.standardise(results.values, theta.location, theta.scale)
    stated = stated_variance(results, theta.scale) * warp.slope(z, theta.power) ** 2
    return Targets(values=warp.forward(z, theta.power), noise=theta.noise * results.shared + stated)


def stated_variance(results: Results, scale: float) -> Floats:
    """Return the variances that the user stated, in standardised units."""
    return np.minimum((np.sqrt(results.given) / scale) ** 2, 1e12)
