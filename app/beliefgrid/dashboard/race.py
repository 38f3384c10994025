"""Grid search, random search and this search on the same grid: the paper's Figure 1.

Notation: G cells, f (G,) what each cell is worth, smaller is better.
    best_after(order)    (n,)  the best f among the first 1 .. n cells of an order
    expected_random(f)   (n,)  its exact expectation for a random order without repeats
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def best_after(f: Values, order: Sequence[int]) -> Values:
    """Return the best value among the first cells of an order, after each of them."""
    found: Values = np.minimum.accumulate(f[np.asarray(order, dtype=np.int64)])
    return found


def expected_random(f: Values, n: int) -> Values:
    """Return the expected best of 1 to n cells, drawn at random without replacement.

    With the values sorted, the best of k draws is the i-th with probability
    C(G-1-i, k-1) / C(G, k): the i-th is drawn and all others come from behind it.
    """
    ascending = np.sort(f)
    total = len(ascending)
    share = np.ones(total)  # P(no draw so far is among the first i), for i = 0 .. G-1
    expected = []
    ahead = np.arange(total)
    for k in range(n):
        # After one more draw, none of the first i is drawn with this probability.
        share = share * np.clip((total - ahead - k) / (total - k), 0.0, 1.0)
        is_best = share - np.append(share[1:], 0.0)
        expected.append(float((is_best * ascending).sum()))
    return np.array(expected)


def draws_for(total: int, good: int, share: float) -> int:
    """Return after how many random draws a share of all orders has met one of the good cells.

    P(none of `good` among k draws) = C(total - good, k) / C(total, k).
    """
    missed, draws = 1.0, 0
    while missed > 1 - share + 1e-12 and draws < total:
        missed *= max(0, total - good - draws) / (total - draws)
        draws += 1
    return draws


def random_order(total: int, n: int, seed: int) -> list[int]:
    """Return one random order without repeats, the same for the same seed."""
    return [int(cell) for cell in np.random.default_rng(seed).permutation(total)[:n]]
