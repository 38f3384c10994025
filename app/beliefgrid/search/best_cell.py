"""P(this cell is the best one | data): the posterior of Bayes' rule over the grid.

Notation: G cells, S joint samples f (S, G) of the objective given the data.
    untested  share of the cells that may be the best one and have no result
    histogram (G,)    share of samples in which a cell is the lowest
    softmins  (3, G)  means over samples of exp(-f / t), normalised per sample, for three t
The histogram alone is over-confident: the samples know nothing of how wrong their model is. What
is calibrated on real tables is a power, a little above 1, of a mixture of it with softmins and a
uniform share (6.1). The weights move from the soft to the sharp parts as results come, and all
softness ends with the untested cells: when every cell was tested, the histogram is left.
Equations are numbered in docs/explanation/engine.md.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import sgemv

from beliefgrid.search.arrays import Bools, Floats, Ints, Reals

TEMPERATURES = (0.8, 0.2, 0.05)  # in warped units; each a quarter of the one before
COLDEST = 1e-3  # share of untested cells below which they stay
FEW, MANY = 6, 20  # results between which the weights move
WEIGHTS_OF_FEW = (0.10, 0.05, 0.35, 0.50, 0.00)  # uniform, histogram, softmins
WEIGHTS_OF_MANY = (0.03, 0.15, 0.35, 0.07, 0.40)
LARGE = 1 << 17  # cells: above, sums over samples are in single precision
SHARPER = 0.1  # the mixture counts to the power 1 + 0.1 times the share of untested cells


@dataclass(frozen=True, eq=False)
class Draws:
    """What the samples say."""

    histogram: Floats  # (G,) sums to 1
    softmins: Reals  # (3, G) each sums to 1
    lowest: Floats  # (S,) the objective in the best cell of each sample
    at_leader: Floats  # (S,) the objective in the leading cell
    at_watched: Floats  # (S, k) the objective in other cells that somebody asks about


def draws(
    blocks: Iterable[Reals],
    excluded: Bools,
    leader: int | None,
    untested: float,
    watched: Ints | None = None,
    stands_for: Floats | None = None,
) -> Draws:
    """Return what blocks of samples say; excluded cells are never the best. Blocks are used up.

    Cells may stand for others that are not sampled (6.5). Which cell is the lowest is then not
    known, and the coldest softmin takes the place of the histogram.
    """
    n_cells = len(excluded)
    histogram = np.zeros(n_cells)
    precision = np.float64 if n_cells <= LARGE else np.float32
    softmins = np.zeros((len(TEMPERATURES), n_cells), dtype=precision)
    never = np.flatnonzero(excluded)
    lowest, at_leader, at_watched = [], [], []
    watched = np.zeros(0, np.int64) if watched is None else watched
    for f in blocks:
        at_leader.append(f[:, leader].astype(np.float64) if leader is not None else f[:, 0] * 0)
        at_watched.append(f[:, watched].astype(np.float64))
        f[:, never] = np.inf
        best = f.argmin(axis=1)
        low = f[np.arange(len(f)), best]
        lowest.append(low.astype(np.float64))
        np.add.at(histogram, best, 1)
        _add_softmins(f, low, max(untested, COLDEST), softmins, stands_for)
    n_samples = sum(map(len, lowest))
    softmins /= precision(n_samples)
    return Draws(
        histogram / n_samples if stands_for is None else softmins[-1].astype(np.float64),
        softmins,
        np.concatenate(lowest),
        np.concatenate(at_leader),
        np.concatenate(at_watched),
    )


def _add_softmins(
    f: Reals, low: Reals, untested: float, sums: Reals, stands_for: Floats | None
) -> None:
    """Add the softmins of samples to sums over samples, (3, G); f is used up."""
    np.subtract(low[:, None], f, out=f)
    np.multiply(f, f.dtype.type(1 / (TEMPERATURES[0] * untested)), out=f)
    np.exp(f, out=f)
    for place, total in enumerate(sums):
        if place:  # a quarter of the temperature: the fourth power
            np.square(f, out=f)
            np.square(f, out=f)
        share = 1 / (f.sum(axis=1) if stands_for is None else f @ stands_for.astype(f.dtype))
        if total.dtype == np.float64:
            np.add(total, share @ f, out=total)
        else:  # in place, without an array as large as the grid in between
            sgemv(1.0, f.T, share, beta=1.0, y=total, overwrite_y=1)


def posterior(
    prior: Floats,
    found: Draws,
    excluded: Bools,
    *,
    n_results: int,
    untested: float,
    stands_for: Floats | None = None,
) -> Floats:
    """Return p_best: prior times likelihood, normalised over all cells (6.1)."""
    uniform, *_ = weights(n_results)
    floor = uniform * untested / max(1, n_open(excluded, stands_for))
    mixture = floor + likelihood(found, n_results)
    p = normalised(prior * mixture ** (1 + SHARPER * untested), excluded)
    return p if stands_for is None else np.asarray(p / (p @ stands_for))


def n_open(excluded: Bools, stands_for: Floats | None) -> float:
    """Return how many cells may be the best one."""
    return float((~excluded).sum() if stands_for is None else stands_for[~excluded].sum())


def likelihood(found: Draws, n_results: int) -> Floats:
    """Return how likely the data are if a cell is the best one, without the uniform share."""
    _, histogram, *soft = weights(n_results)
    return np.asarray(histogram * found.histogram + np.array(soft) @ found.softmins)


def weights(n_results: int) -> Floats:
    """Return the weights of the uniform share, the histogram and the softmins (6.4)."""
    share = math.log(max(n_results, FEW) / FEW) / math.log(MANY / FEW)
    share = min(1.0, share)
    return (1 - share) * np.array(WEIGHTS_OF_FEW) + share * np.array(WEIGHTS_OF_MANY)


def normalised(joint: Floats, excluded: Bools) -> Floats:
    """Return probabilities, zero where excluded; if everything is excluded, nobody knows (6.2)."""
    p = np.where(excluded, 0.0, joint)
    total = p.sum()
    if not total > 0:
        return np.full(len(p), 1.0 / len(p))
    return np.asarray(p / total)
