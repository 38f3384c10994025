"""The ranked list of cells to test next, by the strategy of the study."""

from collections.abc import Iterable

import numpy as np

from beliefgrid.search.arrays import Ints
from beliefgrid.search.model import Model, Ranking
from beliefgrid.search.observations import Results
from beliefgrid.search.problem import Problem
from beliefgrid.search.repeat import second_looks_left
from beliefgrid.search.start import n_start, start_cells
from beliefgrid.search.walk import walk


def suggestions(
    problem: Problem, results: Results, model: Model, live: Ints, n: int
) -> list[Ranking]:
    """Return up to n cells in one or more parts, each with its rule; first of the first is next.

    Live cells are under way. Tested ones among them are measured again.
    """
    pending = np.setdiff1d(live, results.known)
    taken = set(results.known.tolist()) | set(pending.tolist())
    if problem.strategy.name != "bayes":
        cells = _first(n, walk(problem), taken)
        return [Ranking.unscored(problem.strategy.name, cells)]
    first = _start(problem, taken)
    begun = [cell for part in first for cell in part.cells.tolist()]
    under_way = np.concatenate([pending, np.array(begun, dtype=np.int64)])
    first += _second_looks(problem, results, model, live)
    n_left = n - sum(len(part.cells) for part in first)
    return [*first, model.rank(under_way, max(0, n_left))]


def _start(problem: Problem, taken: set[int]) -> list[Ranking]:
    """Return what is left of the first cells, if the study still begins."""
    left = n_start(problem) - len(taken)
    if left <= 0:
        return []
    cells, n_drawn = start_cells(problem)
    drawn = [cell for cell in cells[:n_drawn] if cell not in taken][:left]
    spread = [cell for cell in cells[n_drawn:] if cell not in taken][: left - len(drawn)]
    parts = [Ranking.unscored("prior", drawn), Ranking.unscored("start", spread)]
    return [part for part in parts if len(part.cells)]


def _second_looks(problem: Problem, results: Results, model: Model, live: Ints) -> list[Ranking]:
    """Return tested cells to measure again, if the study is noisy and ends."""
    n_trials = results.n_observations + len(results.infeasible) + len(live)
    n = second_looks_left(problem, n_trials)
    cells = [cell for cell in model.second_looks().tolist() if cell not in live] if n else []
    return [Ranking.unscored("repeat", cells[:n])] if cells else []


def _first(n: int, cells: Iterable[int], taken: set[int]) -> list[int]:
    found: list[int] = []
    for cell in cells:
        if len(found) == n:
            break
        if cell not in taken:
            found.append(cell)
    return found
