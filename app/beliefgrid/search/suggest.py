"""The ranked list of cells to test next, by the strategy of the study."""

from collections.abc import Iterable

import numpy as np

from beliefgrid.search.arrays import Ints
from beliefgrid.search.model import Model, Ranking
from beliefgrid.search.observations import Results
from beliefgrid.search.problem import Problem
from beliefgrid.search.start import n_start, start_cells
from beliefgrid.search.walk import walk


def suggestions(
    problem: Problem, results: Results, model: Model, pending: Ints, n: int
) -> list[Ranking]:
    """Return up to n cells in one or more parts, each with its rule; first of the first is next."""
    taken = set(results.known.tolist()) | set(pending.tolist())
    if problem.strategy.name != "bayes":
        cells = _first(n, walk(problem), taken)
        return [Ranking.unscored(problem.strategy.name, cells)]
    parts = _start(problem, taken)
    opening = [cell for part in parts for cell in part.cells.tolist()]
    under_way = np.concatenate([pending, np.array(opening, dtype=np.int64)])
    return [*parts, model.rank(under_way, n - len(opening))]


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


def _first(n: int, cells: Iterable[int], taken: set[int]) -> list[int]:
    found: list[int] = []
    for cell in cells:
        if len(found) == n:
            break
        if cell not in taken:
            found.append(cell)
    return found
