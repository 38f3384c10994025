"""The cells that are looked at of a grid that is too large to be written out.

    explored   thousands of cells spread evenly over the grid, and all one-step neighbours of the
               best tested ones
    ascended   from the most promising of these, every level along one axis after the other
    kept       the tested and pending cells, the ascended ones, the most promising explored ones
               and a few hundred of the even ones: what P(best) is about
Notation: d axes, m cells, rows (m, d) their levels.
Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Callable

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.grid import Grid
from beliefgrid.search.observations import Results
from beliefgrid.search.problem import Problem
from beliefgrid.search.streams import stream

EVEN, EVEN_KEPT = 8_192, 384
PROMISING_KEPT = 512
NEIGHBOURS_OF = 16
MOST_NEIGHBOURS = 16_384
ASCENTS, SWEEPS = 64, 2
LEVELS_AT_ONCE = 4_096  # along one axis, over all ascents: long axes are climbed from fewer cells

Score = Callable[[Ints], Floats]  # of cells; -inf where a cell cannot be suggested


def even_rows(grid: Grid, n: int, seed: int) -> Ints:
    """Return the levels of cells that are spread evenly: an additive recurrence per axis (13.1)."""
    d = len(grid.shape)
    shares = _golden_root(d) ** -np.arange(1.0, d + 1)
    start = stream(seed, 0, "even").random(d)
    u = (start + np.arange(n)[:, None] * shares) % 1
    sizes = np.array(grid.shape)
    return np.asarray(np.minimum((u * sizes).astype(np.int64), sizes - 1))


def _golden_root(d: int) -> float:
    """Return the root of x^(d + 1) = x + 1, the golden ratio for d = 1."""
    x = 2.0
    for _ in range(64):
        x = (1 + x) ** (1 / (d + 1))
    return x


def explored(problem: Problem, results: Results) -> Ints:
    """Return the first cells to look at, ascending and distinct."""
    rows = even_rows(problem.grid, EVEN, problem.seed)
    best = results.cells[np.argsort(results.values, kind="stable")[:NEIGHBOURS_OF]]
    near = [neighbours(problem.grid, int(cell)) for cell in best]
    cells = np.concatenate([cells_of(problem.grid, rows), *near])[: EVEN + MOST_NEIGHBOURS]
    cells = np.unique(np.concatenate([cells, results.cells]))
    is_tested = np.isin(cells, results.cells)
    return np.asarray(cells[problem.are_allowed(cells) | is_tested])


def neighbours(grid: Grid, cell: int) -> Ints:
    """Return the cells that are one step away: the next level, or any other category."""
    found: list[int] = []
    for axis, level in enumerate(grid.levels(cell)):
        order = grid.display_order(axis).tolist()
        place = order.index(level)
        steps = [order[p] for p in (place - 1, place + 1) if 0 <= p < len(order)]
        others = steps if grid.parameters[axis].is_ordered else [x for x in order if x != level]
        found += [cell + (other - level) * grid.strides[axis] for other in others]
    return np.array(found, dtype=np.int64)


def ascended(grid: Grid, starts: Ints, score: Score) -> Ints:
    """Return where the score is the highest along every axis, from some cells on (13.2)."""
    cells = starts
    for _ in range(SWEEPS):
        for axis, size in enumerate(grid.shape):
            n = max(1, min(len(cells), LEVELS_AT_ONCE // size))
            climbing, resting = cells[:n], cells[n:]
            stride = grid.strides[axis]
            base = climbing - climbing // stride % size * stride
            lines = base[:, None] + np.arange(size) * stride
            distinct, places = np.unique(lines, return_inverse=True)
            highest = score(distinct)[places.reshape(lines.shape)].argmax(axis=1)
            cells = np.concatenate([lines[np.arange(n), highest], resting])
    return np.unique(cells)


def kept(problem: Problem, cells: Ints, scores: Floats, others: Ints) -> Ints:
    """Return the cells that P(best) is about: the most promising, an even few, and others."""
    order = np.argsort(-scores, kind="stable")
    promising = cells[order[: min(PROMISING_KEPT, int(np.isfinite(scores).sum()))]]
    return np.unique(np.concatenate([promising, even_cells(problem)[0], others]))


def even_cells(problem: Problem) -> tuple[Ints, float]:
    """Return the even cells that P(best) is about, and how many cells the grid has by them."""
    cells = cells_of(problem.grid, even_rows(problem.grid, EVEN_KEPT, problem.seed))
    is_allowed = problem.are_allowed(cells)
    return np.unique(cells[is_allowed]), problem.grid.n_cells * float(is_allowed.mean())


def cells_of(grid: Grid, rows: Ints) -> Ints:
    """Return the numbers of cells, given by their levels."""
    return np.asarray(rows @ np.array(grid.strides, dtype=np.int64))
