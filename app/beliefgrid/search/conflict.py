"""Whether the data contradict a user's prior, and how much of it is then left.

Notation: pi (G,) the prior as the user gave it; L (G,) likelihood of the data if a cell is the
best one; m_pi, m_0 probabilities of the data under pi and under the uniform prior.
    evidence  B = m_pi / m_0 = sum pi L / mean L                                   (11.1)
    p-value   min(1, B). Under the prior's own predictions of the data 1/B has the mean 1, so
              P(B <= b) <= b by Markov's inequality: a small B is as rare as it looks  (11.2)
    power     the prior counts as pi^t with t = min(1, p-value / 0.05): in full without a
              conflict, less and less with one                                     (11.3)
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Bools, Floats
from beliefgrid.search.prior import Prior

CONFLICT_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class Conflict:
    """How well a prior agrees with the data."""

    p_value: float
    power: float  # the exponent of the prior, 1 without a conflict

    @classmethod
    def of(cls, evidence: float) -> "Conflict":
        """Return how a prior agrees with data that are so many times as likely under it."""
        p_value = min(1.0, evidence)  # (11.2)
        return cls(p_value, min(1.0, p_value / CONFLICT_BELOW))

    @property
    def is_conflict(self) -> bool:
        """Whether such data were a surprise to whoever held the prior."""
        return self.p_value < CONFLICT_BELOW


def conflict(prior: Prior, likelihood: Floats, excluded: Bools) -> Conflict | None:
    """Return how a user's prior agrees with the likelihood; None if there is none to judge."""
    if prior.own is None:
        return None
    own = np.where(excluded, 0.0, prior.own)
    mean = float(likelihood[~excluded].mean()) if not excluded.all() else 0.0
    if not mean > 0 or not own.sum() > 0:
        return None
    return Conflict.of(float(own @ likelihood) / float(own.sum()) / mean)  # (11.1)


def tempered(weights: Floats, power: float) -> Floats:
    """Return the prior to a power, normalised; where it is zero it stays zero (11.3)."""
    if power == 1:
        return weights
    held = weights > 0
    relative = np.where(held, weights / weights.max(), 1.0)
    found = np.where(held, relative**power, 0.0)
    return np.asarray(found / found.sum())
