"""The first cells, before there is anything to learn from.

The very first is in the middle of all ordered axes: people lay grids around what they hope for,
and on measured tables it is far better than a cell drawn by lot. The others, if any, are a Latin
design: every axis is cut in as many parts as there are cells, and each part is used once; among
categories the first cell is one of them. Of twenty such designs the one whose two nearest cells
are furthest apart is taken. With a prior from the user, half of the cells are drawn from it.
"""

import numpy as np

from beliefgrid.search.arrays import Ints
from beliefgrid.search.problem import Problem
from beliefgrid.search.streams import stream
from beliefgrid.search.walk import walk

N_START = 2  # the paper tests two, too; four were no better on measured tables
N_WITH_MIDDLE = 1  # where all axes are ordered, the middle alone was better than two
N_WITH_PRIOR = 4  # half of them from the prior
DESIGNS = 20


def n_start(problem: Problem) -> int:
    """Return how many cells are tested before results decide."""
    if problem.strategy.likelihood != "gp":
        return N_START
    if not problem.prior.is_uniform:
        return N_WITH_PRIOR
    return N_WITH_MIDDLE if begins_in_the_middle(problem) else N_START


def begins_in_the_middle(problem: Problem) -> bool:
    """Say whether the middle of the grid is what is best known before any result."""
    if problem.strategy.likelihood != "gp" or not problem.prior.is_uniform:
        return False
    return all(parameter.is_ordered for parameter in problem.grid.parameters)


def start_cells(problem: Problem) -> tuple[list[int], int]:
    """Return the first cells of a study, and how many of them were drawn from the prior."""
    generator = stream(problem.seed, 0, "start")
    n = n_start(problem)
    first = _centre(problem, generator)
    first += latin_design(problem, n - len(first), generator, *first)
    first = list(dict.fromkeys(_nearest_searched(problem, cell) for cell in first))
    if problem.prior.is_uniform:
        return first, 0
    n_drawn = min(n // 2, problem.n_allowed)
    drawn = _drawn(problem, n_drawn, generator)
    others = [cell for cell in first if cell not in drawn]
    return drawn + others[: n - len(drawn)], len(drawn)


def _drawn(problem: Problem, n: int, generator: np.random.Generator) -> list[int]:
    """Return different cells, drawn from the prior."""
    if not problem.is_lazy:
        weights = problem.prior.weights
        found: list[int] = generator.choice(
            len(weights), size=n, replace=False, p=weights, shuffle=False
        ).tolist()
        return found
    columns = [generator.choice(len(share), size=n, p=share) for share in problem.prior.axes]
    cells = np.ravel_multi_index(tuple(columns), problem.grid.shape)
    return list(dict.fromkeys(_nearest_searched(problem, int(cell)) for cell in cells))


def _centre(problem: Problem, generator: np.random.Generator) -> list[int]:
    """Return the middle of the ordered axes, with categories drawn by lot; none without such."""
    parameters, shape = problem.grid.parameters, problem.grid.shape
    if not any(parameter.is_ordered for parameter in parameters):
        return []
    levels = []
    for axis, size in enumerate(shape):
        place = (size - int(generator.integers(2 - size % 2))) // 2  # one of two middle ones
        if not parameters[axis].is_ordered:
            place = int(generator.integers(size))
        levels.append(int(problem.grid.display_order(axis)[place]))
    return [int(np.ravel_multi_index(tuple(levels), shape))]


def latin_design(
    problem: Problem, n: int, generator: np.random.Generator, beside: int | None = None
) -> list[int]:
    """Return up to n distinct cells, spread over every axis, beside one that is there already."""
    levels = np.stack([_latin(problem, n, generator, beside) for _ in range(DESIGNS)])
    best = max(range(DESIGNS), key=lambda k: _smallest_distance(problem, levels[k]))
    cells = [int(np.ravel_multi_index(tuple(row), problem.grid.shape)) for row in levels[best]]
    return list(dict.fromkeys(cells))


def _nearest_searched(problem: Problem, cell: int) -> int:
    """Return a cell, or the one next to it that no rule excludes."""
    if problem.is_allowed(cell):
        return cell
    if problem.excluded is None:
        return next(walk(problem))
    total = np.zeros(problem.grid.shape)
    axes = np.ix_(*(np.arange(size) for size in problem.grid.shape))
    for axis, level in enumerate(problem.grid.levels(cell)):
        parameter = problem.grid.parameters[axis]
        u = parameter.coordinates()
        apart = np.abs(u - u[level])
        total = total + (apart if parameter.is_ordered else (apart > 0))[axes[axis]]
    return int(np.where(problem.excluded, np.inf, total.ravel()).argmin())


def _latin(problem: Problem, n: int, generator: np.random.Generator, beside: int | None) -> Ints:
    """Return the levels of n cells, (n, d)."""
    columns = []
    for axis, size in enumerate(problem.grid.shape):
        places = generator.permutation(n) + generator.random(n)
        # Places count along the axis, levels as the user gave them; categories are shuffled.
        along, n_parts = problem.grid.display_order(axis), n
        if not problem.grid.parameters[axis].is_ordered:
            along = generator.permutation(size)
            if beside is not None:  # its category has the first part
                along = _put_first(along, beside // problem.grid.strides[axis] % size)
                places, n_parts = places + 1, n + 1
        columns.append(along[np.minimum((places / n_parts * size).astype(np.int64), size - 1)])
    return np.stack(columns, axis=1)


def _put_first(levels: Ints, level: int) -> Ints:
    return np.concatenate([levels[levels == level], levels[levels != level]])


def _smallest_distance(problem: Problem, levels: Ints) -> float:
    total = np.zeros((len(levels), len(levels)))
    for axis, parameter in enumerate(problem.grid.parameters):
        u = parameter.coordinates()[levels[:, axis]]
        apart = np.abs(u[:, None] - u[None, :])
        total += apart if parameter.is_ordered else (apart > 0)
    return float(total[np.triu_indices(len(levels), 1)].min(initial=np.inf))
