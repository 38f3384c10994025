"""The figures themselves; threads must be set before this is imported."""

import resource
from collections.abc import Callable, Iterator

import numpy as np

from beliefgrid import search
from beliefgrid.search import best_cell, samples
from beliefgrid.search.gaussian import N_SAMPLES, GaussianModel
from beliefgrid.search.observations import merge
from beliefgrid.search.streams import stream
from benchmarks.engine.ceilings import fastest, memory_gbytes, sgemm_gflops
from benchmarks.machine import stamp

SHAPES = {
    1_000: (10, 10, 10),
    10_000: (10, 10, 10, 10),
    100_000: (20, 20, 25, 10),
    1_000_000: (20, 20, 20, 25, 5),
}


COLUMNS = ("cells", "results", "refitted", "kept", "7 pending", "mean", "sd", "samples", "P(best)")


def table(cells: list[int], results: list[int], repeats: int) -> Iterator[str]:
    """Yield the lines of the figures as they are measured."""
    yield stamp()
    yield f"sgemm {sgemm_gflops():.0f} GFLOP/s, copy {memory_gbytes():.0f} GB/s, one thread"
    yield f"| {' | '.join(COLUMNS)} | peak MB |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for n_cells in cells:
        for n_results in results:
            yield _row(n_cells, n_results, repeats)


def _row(n_cells: int, n_results: int, repeats: int) -> str:
    problem = grid_of(n_cells)
    observations = bowl(problem, n_results)
    before = search.update(problem, bowl(problem, n_results - 1), event=1)
    theta = search.update(problem, observations, event=2, previous=before.theta).theta
    if theta is None:
        raise RuntimeError("expected results to give a fit")
    pending = [candidate.cell for candidate in before.queue[:7]]
    model = GaussianModel(problem, merge(problem, observations), theta, 2)
    surrogate, nothing = model.surrogate, np.zeros(problem.grid.n_cells, dtype=np.bool_)

    def draw() -> None:
        for _ in samples.samples(surrogate, N_SAMPLES, stream(0, 0, "benchmark")):
            pass

    def believe() -> None:
        blocks = samples.samples(surrogate, N_SAMPLES, stream(0, 0, "benchmark"))
        best_cell.draws(blocks, nothing, 0, 1.0)

    calls: list[Callable[[], object]] = [
        lambda: search.update(problem, observations, event=2, previous=before.theta),
        lambda: search.update(problem, observations, event=2, theta=theta),
        lambda: search.update(problem, observations, event=2, theta=theta, pending=pending),
        surrogate.mean,
        surrogate.variance,
        draw,
        believe,
    ]
    times = [f"{1000 * fastest(call, repeats):.3g}" for call in calls]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {n_cells:,} | {n_results} | {' | '.join(times)} | {peak:.0f} |"


def grid_of(n_cells: int) -> search.Problem:
    """Return a study of ordered axes with so many cells."""
    parameters = [
        {"name": f"p{axis}", "kind": "ordered", "low": 0, "high": 1, "levels": levels}
        for axis, levels in enumerate(SHAPES[n_cells])
    ]
    return search.Problem.from_definition({"parameters": parameters})


def bowl(problem: search.Problem, n: int) -> search.Observations:
    """Return n results of a bowl with some noise; fewer are the first of more."""
    rng = np.random.default_rng(0)
    cells = rng.choice(problem.grid.n_cells, 1_000, replace=False)
    levels = np.stack(np.unravel_index(cells, problem.grid.shape), axis=1)
    u = levels / (np.array(problem.grid.shape) - 1)
    values = ((u - 0.3) ** 2).sum(axis=1) + 0.05 * rng.standard_normal(len(cells))
    return search.Observations(cells[:n], values[:n], np.zeros(0, dtype=np.int64))
