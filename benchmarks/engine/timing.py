"""The figures themselves, each size in a process of its own; threads are set before this."""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import ParamSpec

import numpy as np

from beliefgrid import search
from beliefgrid.search import best_cell, samples
from beliefgrid.search.fit import FRESH_START_EVERY, fitted
from beliefgrid.search.gaussian import N_SAMPLES, GaussianModel
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results, merge
from beliefgrid.search.streams import stream
from benchmarks.engine.ceilings import fastest, memory_gbytes, sgemm_gflops

SHAPES = {
    1_000: (10, 10, 10),
    10_000: (10, 10, 10, 10),
    100_000: (20, 20, 25, 10),
    1_000_000: (20, 20, 20, 25, 5),
}
LAZY_SHAPES = {"12 axes of 10 levels": (10,) * 12, "4 axes of 1,000 levels": (1_000,) * 4}
LAZY_RESULTS = 40
MANY, AT = 2_000, 10_000  # results, and the cells where so many are measured too
FEWER_REPEATS_FROM = 10_000_000  # cells times results
NONE = np.zeros(0, dtype=np.int64)

UPDATE = ("refitted", "kept", "7 pending")
REFITTED, FIFTH, KEPT = "suggestion refitted", "every fifth", "suggestion kept"
COLUMNS = (*UPDATE, REFITTED, KEPT, "mean", "sd", "samples", "P(best)", "peak MB")
Figures = dict[str, float]
P = ParamSpec("P")

MOST_RESULTS_OF_TARGETS = 100
# By cells: milliseconds and MB, of the design.
TARGETS: dict[int, Figures] = {
    1_000: {},
    10_000: {"refitted": 40, "7 pending": 60, REFITTED: 15, KEPT: 1, "P(best)": 20},
    100_000: {REFITTED: 60, KEPT: 3, "P(best)": 170},
    1_000_000: {REFITTED: 500, KEPT: 15, "P(best)": 2100, "peak MB": 512},
}
LAZY_TARGETS: Figures = {"refitted": 100}


def table(cells: list[int], results: list[int], repeats: int) -> Iterator[str]:
    """Yield the lines of the figures of grids that are written out, as they are measured."""
    yield f"sgemm {sgemm_gflops():.0f} GFLOP/s, copy {memory_gbytes():.0f} GB/s, one thread\n"
    yield from head("cells", "results", *COLUMNS)
    for n_cells in cells:
        targets = TARGETS[n_cells]
        for n in [*results, MANY] if n_cells == AT else results:
            few = min(2, repeats) if n_cells * n >= FEWER_REPEATS_FROM else repeats
            wanted = targets if n <= MOST_RESULTS_OF_TARGETS else {}
            yield line(f"{n_cells:,}", f"{n:,}", alone(_row, n_cells, n, few), COLUMNS, wanted)
        if targets:
            yield line(f"{n_cells:,}", "target", targets, COLUMNS, {})


def lazy_table(repeats: int) -> Iterator[str]:
    """Yield the lines of the figures of grids that are too large to be written out."""
    columns = (*UPDATE, "peak MB")
    yield from head("10¹² cells", "results", *columns)
    for name in LAZY_SHAPES:
        yield line(name, str(LAZY_RESULTS), alone(_lazy_row, name, repeats), columns, LAZY_TARGETS)
    yield line("", "target", LAZY_TARGETS, columns, {})


def head(*names: str) -> Iterator[str]:
    """Yield the head of a table."""
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"


def line(
    name: str, results: str, found: Figures, columns: tuple[str, ...], targets: Figures
) -> str:
    """Return a row; what is above its target is bold."""
    shown = [_shown(found.get(c), targets.get(c)) for c in columns]
    return f"| {name} | {results} | {' | '.join(shown)} |"


def _shown(value: float | None, target: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"**{text}**" if target is not None and value > target else text


def alone(function: Callable[P, Figures], *args: P.args, **kwargs: P.kwargs) -> Figures:
    """Return what a function measures in a process of its own, and the most memory that took."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(function, *args, **kwargs).result()
        return found | {"peak MB": pool.submit(_peak_mb).result()}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _row(n_cells: int, n_results: int, repeats: int) -> Figures:
    problem = grid_of(SHAPES[n_cells])
    found = _updates(problem, n_results, repeats)
    found |= suggestions(problem, n_results, repeats)
    results = merge(problem, bowl(problem, n_results))
    theta = fitted(Space.of(problem.grid), results, problem.noise, None, problem.seed)
    surrogate = GaussianModel(problem, results, theta, 2).surrogate
    nothing = np.zeros(n_cells, dtype=np.bool_)

    def draw() -> None:
        for _ in samples.samples(surrogate, N_SAMPLES, stream(0, 0, "benchmark")):
            pass

    def believe() -> None:
        blocks = samples.samples(surrogate, N_SAMPLES, stream(0, 0, "benchmark"))
        best_cell.draws(blocks, nothing, 0, 1.0)

    calls = {"mean": surrogate.mean, "sd": surrogate.variance, "samples": draw, "P(best)": believe}
    return found | {name: _ms(call, repeats) for name, call in calls.items()}


def _lazy_row(name: str, repeats: int) -> Figures:
    return _updates(grid_of(LAZY_SHAPES[name]), LAZY_RESULTS, repeats)


def _updates(problem: search.Problem, n: int, repeats: int) -> Figures:
    """Return the time of a whole update after n results, in three cases."""
    told = bowl(problem, n)
    before = search.update(problem, bowl(problem, n - 1), event=1)
    theta = search.update(problem, told, event=2, previous=before.theta).theta
    pending = [candidate.cell for candidate in before.queue[:7]]
    calls: dict[str, Callable[[], object]] = {
        "refitted": lambda: search.update(problem, told, event=2, previous=before.theta),
        "kept": lambda: search.update(problem, told, event=2, theta=theta),
        "7 pending": lambda: search.update(problem, told, event=2, theta=theta, pending=pending),
    }
    return {name: _ms(call, repeats) for name, call in calls.items()}


def suggestions(problem: search.Problem, n: int, repeats: int) -> Figures:
    """Return the time of one suggestion without P(best) after n results.

    Every fifth fit begins from the prior as well as from the theta before.
    """
    space = Space.of(problem.grid)
    before, now = (merge(problem, bowl(problem, known)) for known in (n - 1, n))
    previous = fitted(space, before, problem.noise, None, problem.seed)
    fifth = replace(previous, fits=FRESH_START_EVERY - 1)
    calls = {
        REFITTED: lambda: _refitted(problem, now, previous),
        FIFTH: lambda: _refitted(problem, now, fifth),
        KEPT: lambda: _suggested(problem, now, previous),
    }
    return {name: _ms(call, repeats) for name, call in calls.items()}


def _suggested(problem: search.Problem, results: Results, theta: search.Theta) -> int:
    """Return the cell of the largest acquisition: all that one ask needs."""
    return int(np.nanargmax(GaussianModel(problem, results, theta, 1).scores(NONE)))


def _refitted(problem: search.Problem, results: Results, previous: search.Theta) -> int:
    theta = fitted(Space.of(problem.grid), results, problem.noise, previous, problem.seed)
    return _suggested(problem, results, theta)


def _ms(call: Callable[[], object], repeats: int) -> float:
    return 1000 * fastest(call, repeats)


def grid_of(shape: tuple[int, ...]) -> search.Problem:
    """Return a study of ordered axes with so many levels."""
    parameters = [
        {"name": f"p{axis}", "kind": "ordered", "low": 0, "high": 1, "levels": levels}
        for axis, levels in enumerate(shape)
    ]
    return search.Problem.from_definition({"parameters": parameters})


def bowl(problem: search.Problem, n: int) -> search.Observations:
    """Return n results of a bowl with some noise; fewer are the first of more."""
    rng = np.random.default_rng(0)
    cells = rng.choice(problem.grid.n_cells, min(MANY, problem.grid.n_cells), replace=False)
    levels = np.stack(np.unravel_index(cells, problem.grid.shape), axis=1)
    u = levels / (np.array(problem.grid.shape) - 1)
    values = ((u - 0.3) ** 2).sum(axis=1) + 0.05 * rng.standard_normal(len(cells))
    return search.Observations(cells[:n], values[:n], np.zeros(0, dtype=np.int64))
