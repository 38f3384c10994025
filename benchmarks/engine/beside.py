"""One suggestion, without P(best), beside Optuna's samplers on the same grid and results."""

from collections.abc import Iterator

import numpy as np

from beliefgrid.search import Problem, Theta
from beliefgrid.search.fit import fitted
from beliefgrid.search.gaussian import GaussianModel
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results, merge
from benchmarks.engine.ceilings import fastest
from benchmarks.engine.peer import suggestions
from benchmarks.engine.timing import bowl, grid_of

RESULTS = (10, 12, 20, 39, 40)  # every fifth fit begins from the prior, too
NONE = np.zeros(0, dtype=np.int64)


def suggested(problem: Problem, results: Results, theta: Theta) -> int:
    """Return the cell of the largest acquisition: all that one ask needs."""
    return int(np.nanargmax(GaussianModel(problem, results, theta, 1).scores(NONE)))


def refitted(problem: Problem, results: Results, previous: Theta) -> int:
    """Return the same after a fit."""
    theta = fitted(Space.of(problem.grid), results, problem.noise, previous, problem.seed)
    return suggested(problem, results, theta)


def milliseconds(problem: Problem, n: int, repeats: int) -> tuple[float, float]:
    """Return CPU of a suggestion after n results: refitted, and theta kept."""
    before, now = (merge(problem, bowl(problem, known)) for known in (n - 1, n))
    previous = fitted(Space.of(problem.grid), before, problem.noise, None, problem.seed)
    with_fit = fastest(lambda: refitted(problem, now, previous), repeats)
    without = fastest(lambda: suggested(problem, now, previous), repeats)
    return 1000 * with_fit, 1000 * without


def table(n_cells: int, repeats: int, python: str) -> Iterator[str]:
    """Yield the lines of a table."""
    problem = grid_of(n_cells)
    most = bowl(problem, max(RESULTS))
    levels = np.stack(np.unravel_index(most.cells, problem.grid.shape), axis=1)
    measured = {
        "shape": list(problem.grid.shape),
        "levels": levels.tolist(),
        "values": most.values.tolist(),
        "results": RESULTS,
        "repeats": repeats,
    }
    theirs = suggestions(python, measured)
    yield f"Optuna {theirs['version']}, {n_cells:,} cells, CPU ms of a suggestion without P(best)"
    yield "| results | refitted | kept | GPSampler | TPESampler | GPSampler / refitted |"
    yield "|---" * 6 + "|"
    pairs = zip(theirs["GPSampler"], theirs["TPESampler"], strict=True)
    for n, (gp, tpe) in zip(RESULTS, pairs, strict=True):
        ours, kept = milliseconds(problem, n, repeats)
        yield f"| {n} | {ours:.3g} | {kept:.3g} | {gp:.3g} | {tpe:.3g} | {gp / ours:.0f} |"
