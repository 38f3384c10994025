"""How good a search is: areas under the normalised-regret curve, and their ratios.

regret after t trials = (best so far - optimum) / (median of the table - optimum), in [0, 1]
area                  = the mean of it over the first T trials
ratio                 = (mean area + 0.005) / (a peer's mean area + 0.005), of one table
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.tables import Table

FLOOR = 0.005  # keeps a table that everybody solves at once from ruling a geometric mean


def regret_curve(
    table: Table, best_so_far: Sequence[float | None], n_trials: int
) -> NDArray[np.float64]:
    """Return the normalised regret after each of the first trials.

    A run that ended early keeps its last best value; before the first feasible one it is 1.
    """
    length = min(n_trials, table.n_cells)
    span = table.median - table.best
    curve = np.ones(length)
    for trial in range(length):
        best = best_so_far[min(trial, len(best_so_far) - 1)]
        if best is not None:
            curve[trial] = min(1.0, max(0.0, (best - table.best) / span)) if span else 0.0
    return curve


@dataclass(frozen=True, slots=True)
class Comparison:
    """The ratios to one peer over the tables where both ran."""

    peer: str
    tables: tuple[str, ...]
    ratios: tuple[float, ...]

    @property
    def geometric_mean(self) -> float:
        return math.exp(float(np.mean(np.log(self.ratios))))

    @property
    def error_factor(self) -> float:
        """Return exp of the standard error of the mean logarithm, over the tables."""
        if len(self.ratios) < 2:  # a spread needs two
            return math.inf
        return math.exp(float(np.std(np.log(self.ratios), ddof=1)) / math.sqrt(len(self.ratios)))

    @property
    def worst(self) -> tuple[str, float]:
        at = int(np.argmax(self.ratios))
        return self.tables[at], self.ratios[at]


Areas = dict[str, dict[int, float]]  # table -> seed -> area


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the ratio of mean areas on one table."""
    return (float(np.mean(ours)) + FLOOR) / (float(np.mean(theirs)) + FLOOR)


def compare(ours: Areas, theirs: Areas, peer: str) -> Comparison | None:
    """Return the comparison with one peer, or None where no table is common."""
    common = sorted(set(ours) & set(theirs))
    if not common:
        return None
    ratios = [ratio(list(ours[name].values()), list(theirs[name].values())) for name in common]
    return Comparison(peer=peer, tables=tuple(common), ratios=tuple(ratios))


def errors_above(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return by how many standard errors of the difference our mean area is the larger one."""
    difference = float(np.mean(ours)) - float(np.mean(theirs))
    error = math.sqrt(sum(_squared_error(areas) for areas in (ours, theirs)))
    if error == 0:
        return 0.0 if difference == 0 else math.copysign(math.inf, difference)
    return difference / error


def _squared_error(areas: Sequence[float]) -> float:
    return float(np.var(areas, ddof=1)) / len(areas) if len(areas) > 1 else 0.0
