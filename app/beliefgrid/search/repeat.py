"""Whether to measure the leader again, or a new cell.

Notation: m cells, tested ones and a new one; mu (m,) their means; s (m,) how far a measurement
of one of them moves each mean, per standard deviation of its outcome; z standard normal.
    gain = min mu - E min(mu + s z)                                                (11.5)
is what a measurement is expected to do for the cell that is then chosen. A lucky leader is
worth a second look when its own gain is the larger one.
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Floats

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
RIVALS = 32  # tested cells, the best by mean, among which the choice is made
LEAST = 1e-3  # gain that is worth a trial, in warped units
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a second look at the leader is worth, beside a look at a new cell."""

    cell: int
    gain: float
    gain_of_new: float
    is_advised: bool  # whether the leader should be measured again first


def gain_of_measuring(place: int, mean: Floats, covariance: Floats, noise: float) -> float:
    """Return by how much a measurement of one cell lowers the mean that is chosen (11.5)."""
    spread = float(np.sqrt(max(covariance[place, place] + noise, TINY)))
    moved = mean[:, None] + (covariance[:, place] / spread)[:, None] * NODES
    return max(0.0, float(mean.min() - moved.min(axis=0) @ WEIGHTS))
