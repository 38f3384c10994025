"""P(this cell is the best one | data): the posterior of Bayes' rule over the grid.

Notation: G cells, S joint samples f (S, G) of the objective given the data.
    histogram (G,)  share of samples in which a cell is the lowest
    softmin   (G,)  mean over samples of exp(-f / t), normalised per sample
The histogram alone is over-confident; the mixture with a softmin and a uniform share is what
was calibrated on real tables. Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Reals

UNIFORM_SHARE, HISTOGRAM_SHARE, SOFTMIN_SHARE = 0.10, 0.27, 0.63
SOFTMIN_T = 0.3  # in warped units


@dataclass(frozen=True, eq=False)
class Draws:
    """What the samples say."""

    histogram: Floats  # (G,) sums to 1
    softmin: Floats  # (G,) sums to 1
    lowest: Floats  # (S,) the objective in the best cell of each sample
    at_leader: Floats  # (S,) the objective in the leading cell


def draws(blocks: Iterable[Reals], excluded: Bools, leader: int | None) -> Draws:
    """Return what blocks of samples say; excluded cells are never the best. Blocks are used up."""
    n_cells = len(excluded)
    histogram, softmin = np.zeros(n_cells), np.zeros(n_cells)
    lowest, at_leader = [], []
    for f in blocks:
        at_leader.append(f[:, leader].astype(np.float64) if leader is not None else f[:, 0] * 0)
        f[:, excluded] = np.inf
        best = f.argmin(axis=1)
        low = f[np.arange(len(f)), best]
        lowest.append(low.astype(np.float64))
        histogram += np.bincount(best, minlength=n_cells)
        softmin += _softmin(f, low)
    n_samples = sum(map(len, lowest))
    return Draws(
        histogram / n_samples,
        softmin / n_samples,
        np.concatenate(lowest),
        np.concatenate(at_leader),
    )


def _softmin(f: Reals, low: Reals) -> Reals:
    """Return the sum of softmins of samples, in place: f is used up."""
    np.subtract(low[:, None], f, out=f)
    np.multiply(f, f.dtype.type(1 / SOFTMIN_T), out=f)
    np.exp(f, out=f)
    return np.asarray((1 / f.sum(axis=1)) @ f)


def posterior(prior: Floats, found: Draws, excluded: Bools) -> Floats:
    """Return p_best: prior times likelihood, normalised (6.1)."""
    likelihood = (
        UNIFORM_SHARE / max(1, int((~excluded).sum()))
        + HISTOGRAM_SHARE * found.histogram
        + SOFTMIN_SHARE * found.softmin
    )
    return normalised(prior * likelihood, excluded)


def normalised(joint: Floats, excluded: Bools) -> Floats:
    """Return probabilities, zero where excluded; if everything is excluded, nobody knows (6.2)."""
    p = np.where(excluded, 0.0, joint)
    total = p.sum()
    if not total > 0:
        return np.full(len(p), 1.0 / len(p))
    return np.asarray(p / total)
