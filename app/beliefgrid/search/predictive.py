"""What the next value of a cell may be: intervals that hold as often as they say.

Notation: n cells have values; mean and sd of the objective in a cell; sigma sd of the noise.
    value ~ mean + scale t_nu,  scale = 0.76 hypot(sd, sigma),  nu = 1 + n/16           (4.4)
A normal with the same sd is right in its middle and too sure of itself further out: the process
takes its hyperparameters for certain and expects no cliffs, most of all before ten results.
Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Mapping
from typing import Any

from scipy.special import stdtrit

SHARES = (0.5, 0.8, 0.95)
SCALE = 0.76  # of an sd
FEWEST_DEGREES, RESULTS_PER_DEGREE = 1.0, 16.0


def degrees(n_results: int) -> float:
    """Return nu: few results leave heavy tails."""
    return FEWEST_DEGREES + n_results / RESULTS_PER_DEGREE


def half_width(share: float, n_results: int) -> float:
    """Return half the width, in sds, of the central interval that holds a share."""
    return SCALE * float(stdtrit(degrees(n_results), 0.5 + 0.5 * share))


def next_value(mean: float, sd: float, n_results: int) -> Mapping[str, Any]:
    """Return the distribution of a value, as it is stored with a suggestion.

    Args:
        mean: of the value, in the metric's units.
        sd: of the value: of the objective and of the noise.
        n_results: how many cells have values.
    """
    halves = {share: sd * half_width(share, n_results) for share in SHARES}
    intervals = {
        f"interval_{100 * share:.0f}": [mean - half, mean + half] for share, half in halves.items()
    }
    return {"degrees": degrees(n_results), "scale": SCALE * sd, **intervals}
