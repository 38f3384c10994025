"""Is the belief honest? Scores of a posterior against a table where the truth is known.

log score  = log p_best(the optimum) - log(share of the optimum under a uniform belief), nats
set        = the fewest cells that hold at least a share of p_best; it covers if the optimum
             is one of them, and holds its own mass, which is more than the share
t          = (next value - mean) / scale of the cell that was suggested
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.tables import Table

SHARES = (0.5, 0.8, 0.9)
LEAST = 1e-12  # a belief of zero in the optimum would be minus infinity


def checkpoint(table: Table, p_best: NDArray[np.float64]) -> dict[str, Any]:
    """Return what a posterior says about the optimum that it does not know."""
    optimum = table.best_cells()
    return {
        "log_score": log_score(p_best, optimum),
        "sets": [[share, *credible_set(p_best, optimum, share)] for share in SHARES],
    }


def log_score(p_best: NDArray[np.float64], optimum: NDArray[np.int64]) -> float:
    """Return by how many nats the belief in the optimum is above a uniform one's."""
    belief = max(float(p_best[optimum].sum()), LEAST)
    return float(np.log(belief) - np.log(optimum.size / p_best.size))


def credible_set(
    p_best: NDArray[np.float64], optimum: NDArray[np.int64], share: float
) -> tuple[float, int]:
    """Return the mass of the smallest set that holds a share, and whether it has the optimum."""
    order = np.argsort(-p_best, kind="stable")
    mass = np.cumsum(p_best[order])
    size = int(np.searchsorted(mass, share * mass[-1])) + 1
    size = min(size, p_best.size)
    inside = np.isin(optimum, order[:size]).any()
    return float(mass[size - 1] / mass[-1]), int(inside)


def interval_coverage(
    predictions: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how often the central interval of each level holds the next value.

    Args:
        predictions: shape (N, 4): mean, scale and degrees of Student's t, value.
        levels: probabilities between 0 and 1.
    """
    from scipy.special import stdtrit

    mean, scale, degrees, value = predictions.T
    t = np.abs(value - mean) / scale
    return np.asarray([np.mean(t <= stdtrit(degrees, (1 + level) / 2)) for level in levels])
