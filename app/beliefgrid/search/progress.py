"""How much is known: the posterior over the grid in a few numbers.

Equations are numbered in docs/explanation/engine.md.
"""

import numpy as np

from beliefgrid.search.arrays import Floats, Ints

MASS = 0.95


def entropy_bits(p: Floats) -> float:
    """Return the entropy of probabilities in bits (10.4)."""
    held = p[p > 0]
    return float(-(held * np.log2(held)).sum())


def cells_in(p: Floats, mass: float = MASS) -> int:
    """Return how many cells the smallest set has that holds a share of the belief."""
    total = np.cumsum(np.sort(p)[::-1])
    return min(int(np.searchsorted(total, mass * total[-1])) + 1, len(p))


def most_probable(p: Floats, k: int) -> Ints:
    """Return the k most probable cells, the most probable first, ties by number."""
    k = min(k, len(p))
    least = np.partition(p, len(p) - k)[len(p) - k]
    above = np.flatnonzero(p > least)
    at = np.flatnonzero(p == least)[: k - len(above)]
    cells = np.sort(np.concatenate([above, at]))
    return np.asarray(cells[np.argsort(-p[cells], kind="stable")])
