"""Several cells to test, each chosen as if those before it were already under way.

Notation: m cells in the pool.
    covariance (m, m)  of the objective in the pool
    variance   (m,)    what is left of it after the cells chosen so far were measured
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Floats, Ints

TIE = 1e-9  # scores that differ by less are drawn lots for


@dataclass(frozen=True, eq=False)
class Sequence:
    """Places in the pool, in the order they were chosen."""

    places: Ints  # (k,)
    scores: Floats  # (k,) when chosen
    sds: Floats  # (k,) of the objective when chosen


def one_after_the_other(
    covariance: Floats, noise: float, score: Callable[[Floats], Floats], n: int
) -> Sequence:
    """Choose up to n places greedily, place 0 first; `score` maps the sds that are left, (m,).

    A measurement that comes out as predicted moves no mean, but it takes variance away from
    cells that are like it: a Cholesky factorisation with the best score as the pivot. (7.6)
    """
    m = len(covariance)
    n = min(n, m)
    variance = np.diagonal(covariance).copy()
    smallest = max(float(variance.max()) * 1e-9, np.finfo(np.float64).tiny)
    columns = np.zeros((n, m))
    is_left = np.ones(m, dtype=np.bool_)
    places, scores, sds = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    for k in range(n):
        sd = np.sqrt(np.maximum(variance, smallest))
        now = np.where(is_left, score(sd), -np.inf)
        place = int(now.argmax()) if k else 0
        places[k], scores[k], sds[k] = place, now[place], sd[place]
        is_left[place] = False
        column = covariance[:, place] - columns[:k].T @ columns[:k, place]
        columns[k] = column / np.sqrt(max(float(variance[place]), smallest) + noise)
        variance -= columns[k] ** 2
    return Sequence(places, scores, sds)


def top(scores: Floats, k: int, lots: np.random.Generator) -> Ints:
    """Return up to k cells with the highest scores, the highest first; NaN is no score."""
    cells = np.flatnonzero(~np.isnan(scores))
    drawn = scores[cells] + TIE * lots.random(len(cells))
    if len(cells) > k:
        part = np.argpartition(-drawn, k - 1)[:k]
        part.sort()
        cells, drawn = cells[part], drawn[part]
    return np.asarray(cells[np.argsort(-drawn, kind="stable")])
