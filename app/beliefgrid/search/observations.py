"""Results as they came, and as the engine uses them: one line a cell, in one order.

The order in which results came must not change a bit of what follows, so they are sorted
before anything is added up.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Bools, Floats, Ints
from beliefgrid.search.errors import CellUnknownError, StddevInvalidError
from beliefgrid.search.grid import Grid
from beliefgrid.search.problem import Problem, check_value


@dataclass(frozen=True, eq=False)
class Observations:
    """What workers reported; a cell may come more than once, in any order."""

    cells: Ints  # (n,)
    values: Floats  # (n,) in the metric's units
    infeasible: Ints  # (m,) cells that cannot work
    stddevs: Floats | None = None  # (n,) of each value, NaN where it was not given

    @classmethod
    def none(cls) -> "Observations":
        """Return no observations."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Results:
    """Observations with the repeats of a cell merged. N cells have values, M cannot work.

    The variance of a merged value is `shared` times the noise that the model learns, plus
    `given`, which the user stated.
    """

    cells: Ints  # (N,) ascending, distinct
    values: Floats  # (N,) mean of the repeats; lower is better, whatever the goal
    counts: Ints  # (N,) how many repeats
    shared: Floats  # (N,)
    given: Floats  # (N,) in the metric's units, squared
    infeasible: Ints  # (M,) ascending, distinct, without those that have a value
    n_observations: int

    @property
    def known(self) -> Ints:
        """The cells that have a value or cannot work, (N + M,)."""
        return np.concatenate([self.cells, self.infeasible])

    def keep(self, rows: Ints) -> "Results":
        """Return some of the cells with values, and all that cannot work."""
        return Results(
            self.cells[rows],
            self.values[rows],
            self.counts[rows],
            self.shared[rows],
            self.given[rows],
            self.infeasible,
            self.n_observations,
        )


def merge(problem: Problem, observations: Observations) -> Results:
    """Return results cell by cell.

    A cell that worked once and failed once has a value, and the value counts.

    Raises:
        CellUnknownError, ValueNotFiniteError, LossNotPositiveError, StddevInvalidError.
    """
    cells = np.asarray(observations.cells, dtype=np.int64)
    values = np.asarray(observations.values, dtype=np.float64)
    stddevs = _stddevs(observations)
    infeasible = np.unique(np.asarray(observations.infeasible, dtype=np.int64))
    check_cells(problem.grid, np.concatenate([cells, infeasible]))
    for value in values.tolist():
        check_value(problem, value)
    order = np.lexsort((stddevs, values, cells))
    cells, values, stddevs = cells[order], values[order], stddevs[order]
    distinct, starts, counts = np.unique(cells, return_index=True, return_counts=True)
    means, shared, given = np.empty(len(distinct)), np.empty(len(distinct)), np.zeros(len(distinct))
    for row, (start, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True)):
        repeats = slice(start, start + count)
        means[row], shared[row], given[row] = _mean(values[repeats], stddevs[repeats])
    return Results(
        cells=distinct,
        values=problem.sign * means,
        counts=counts.astype(np.int64),
        shared=shared,
        given=given,
        infeasible=np.setdiff1d(infeasible, distinct),
        n_observations=len(values),
    )


def open_cells(problem: Problem, results: Results, pending: Iterable[int] = ()) -> Bools:
    """Return which cells may be suggested: not tested, pending, infeasible or excluded."""
    is_open = np.ones(problem.grid.n_cells, dtype=np.bool_)
    if problem.excluded is not None:
        is_open &= ~problem.excluded
    is_open[results.known] = False
    is_open[np.array(sorted(pending), dtype=np.int64)] = False
    return is_open


def unusable(problem: Problem, results: Results) -> Bools:
    """Return which cells cannot be the best one: infeasible, or excluded by rules."""
    if problem.excluded is None:
        found = np.zeros(problem.grid.n_cells, dtype=np.bool_)
    else:
        found = problem.excluded.copy()
    found[results.infeasible] = True
    return found


def check_cells(grid: Grid, cells: Ints) -> None:
    """Refuse numbers that are no cells of a grid."""
    outside = cells[(cells < 0) | (cells >= grid.n_cells)]
    if len(outside):
        raise CellUnknownError(
            f"expected cells from 0 to {grid.n_cells - 1:,}, got {int(outside[0]):,}"
        )


def _stddevs(observations: Observations) -> Floats:
    if observations.stddevs is None:
        return np.full(len(observations.values), np.nan)
    stddevs = np.asarray(observations.stddevs, dtype=np.float64)
    if (np.isinf(stddevs) | (stddevs < 0)).any():
        raise StddevInvalidError("expected finite standard deviations from 0 on")
    return stddevs


def _mean(values: Floats, stddevs: Floats) -> tuple[float, float, float]:
    """Return the mean of repeats, and its variance as (share of the learned noise, given)."""
    n = len(values)
    if n == 1:
        is_given = not np.isnan(stddevs[0])
        return float(values[0]), float(not is_given), float(stddevs[0] ** 2) if is_given else 0.0
    if (stddevs > 0).all():  # all stated: weights 1/variance are the best ones
        weights = (stddevs.min() / stddevs) ** 2
        mean = float((weights / weights.sum()) @ values)
        return mean, 0.0, float(stddevs.min() ** 2 / weights.sum())
    unknown = int(np.isnan(stddevs).sum())
    return float((values / n).sum()), unknown / n**2, float(np.nansum(stddevs**2)) / n**2
