"""One suggestion, without P(best), beside Optuna's samplers on the same grid and results."""

from collections.abc import Iterator

import numpy as np

from benchmarks.engine.peer import suggestions as theirs_of
from benchmarks.engine.timing import FIFTH, KEPT, REFITTED, SHAPES, bowl, grid_of, head, suggestions

CELLS = 10_000
RESULTS = (10, 12, 20, 39, 40)
COLUMNS = ("refitted", FIFTH, "kept", "GPSampler", "TPESampler")
RATIOS = ("GPSampler / refitted", "/ every fifth")


def table(repeats: int, python: str) -> Iterator[str]:
    """Yield the lines of a table."""
    problem = grid_of(SHAPES[CELLS])
    most = bowl(problem, max(RESULTS))
    levels = np.stack(np.unravel_index(most.cells, problem.grid.shape), axis=1)
    measured = {
        "shape": list(problem.grid.shape),
        "levels": levels.tolist(),
        "values": most.values.tolist(),
        "results": RESULTS,
        "repeats": repeats,
    }
    theirs = theirs_of(python, measured)
    yield f"Optuna {theirs['version']}, {CELLS:,} cells\n"
    yield from head("results", *COLUMNS, *RATIOS)
    pairs = zip(theirs["GPSampler"], theirs["TPESampler"], strict=True)
    for n, (gp, tpe) in zip(RESULTS, pairs, strict=True):
        found = suggestions(problem, n, 4 * repeats)
        ours = [found[name] for name in (REFITTED, FIFTH, KEPT)]
        times = " | ".join(f"{value:.3g}" for value in (*ours, gp, tpe))
        yield f"| {n} | {times} | {gp / ours[0]:.1f} | {gp / ours[1]:.1f} |"
