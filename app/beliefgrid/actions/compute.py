"""The engine in processes of its own, so that no request waits for a matrix.

The functions on top run in the child and take and give plain data; `Compute` is the parent's
side. A child that dies is replaced, and whoever waited for it gets `ComputeError`.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid.actions.views import Recipe
from beliefgrid.search import Matrix

QUEUE_LENGTH = 64
SHOWN_TESTED = 25
MOST_SECONDS = 600.0  # of one computation
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class ComputeError(Exception):
    """The process that computed this died, or was ended because it took too long."""


@dataclass(frozen=True, slots=True)
class Update:
    """What one update of the posterior gives, as it is stored."""

    theta: dict[str, Any] | None
    engine_version: str
    summary: dict[str, Any]
    top: list[dict[str, Any]]
    queue: str  # JSON of a list of [cell, explanation]: it is stored without being looked at
    field: bytes
    holds: bool
    elapsed_ms: float


def compute_update(
    recipe: Recipe, previous: dict[str, Any] | None, n_queue: int = QUEUE_LENGTH
) -> Update:
    """Compute the posterior that a recipe describes.

    A recipe with theta is replayed without a fit; one without is fitted, warm from `previous`.
    """
    from beliefgrid import search

    began = perf_counter()
    problem = _problem(recipe.definition)
    posterior = search.update(
        problem,
        _observations(recipe),
        pending=recipe.pending,
        event=recipe.seq,
        previous=search.Theta.from_json(previous) if previous else None,
        theta=search.Theta.from_json(recipe.theta) if recipe.theta else None,
        n_queue=n_queue,
    )
    return Update(
        theta=posterior.theta.to_json() if posterior.theta else None,
        engine_version=posterior.engine_version,
        summary=_summary(problem, posterior, recipe),
        top=[_belief(problem.grid, belief) for belief in posterior.top],
        queue=_written([(one.cell, one.explanation) for one in posterior.queue]),
        field=search.encode_field(posterior.p_best),
        holds=posterior.should_stop,
        elapsed_ms=1000 * (perf_counter() - began),
    )


def compute_layers(recipe: Recipe, names: tuple[str, ...]) -> dict[str, NDArray[np.floating[Any]]]:
    """Compute layers over all cells again, exactly as the snapshot's update saw them."""
    from beliefgrid import search

    computed: dict[str, NDArray[np.floating[Any]]] = search.layers(
        _problem(recipe.definition),
        _observations(recipe),
        search.Theta.from_json(recipe.theta) if recipe.theta else None,
        event=recipe.seq,
        pending=recipe.pending,
        names=names,
    )
    return computed


def compute_matrix(recipe: Recipe, picture: dict[str, Any]) -> Any:
    """Compute a picture of a layer of a grid that is too large to be written out."""
    from beliefgrid import search

    return search.layer_matrix(
        _problem(recipe.definition),
        _observations(recipe),
        search.Theta.from_json(recipe.theta) if recipe.theta else None,
        event=recipe.seq,
        pending=recipe.pending,
        **picture,
    )


def compute_importance(recipe: Recipe) -> dict[str, Any] | None:
    """Compute how much each parameter matters, by draws from the belief."""
    from beliefgrid import search

    found = search.importance(
        _problem(recipe.definition),
        _observations(recipe),
        search.Theta.from_json(recipe.theta) if recipe.theta else None,
        event=recipe.seq,
    )
    return None if found is None else asdict(found)


def warm_up() -> str:
    """Make a small update: it loads what the first real one would otherwise wait for."""
    from beliefgrid import search

    axis = {"name": "x", "kind": "ordered", "values": list(range(8)), "scale": "linear"}
    metrics = [{"name": "y", "role": "objective", "goal": "minimize"}]
    problem = search.Problem.from_definition({"parameters": [axis], "metrics": metrics})
    known = search.Observations(
        cells=np.arange(0, 8, 2),
        values=np.array([0.0, 1.0, 0.5, 2.0]),
        infeasible=np.empty(0, dtype=np.int64),
        stddevs=None,
    )
    search.update(problem, known, pending=[], event=1, previous=None, theta=None, n_queue=2)
    return str(search.ENGINE_VERSION)


class Compute:
    """A few processes that compute posteriors."""

    def __init__(self, processes: int = 1, most_seconds: float = MOST_SECONDS) -> None:
        self._processes, self._most_seconds = processes, most_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._context = multiprocessing.get_context("spawn")
        # Nothing is ever sent: children end when our end closes, and it does when we are killed.
        self._theirs, self._ours = self._context.Pipe(duplex=False)

    async def update(self, recipe: Recipe, previous: dict[str, Any] | None, n_queue: int) -> Update:
        """Compute an update in a child process."""
        found: Update = await self._run(compute_update, recipe, previous, n_queue)
        return found

    async def layers(
        self, recipe: Recipe, names: tuple[str, ...]
    ) -> dict[str, NDArray[np.floating[Any]]]:
        """Compute layers in a child process."""
        found: dict[str, NDArray[np.floating[Any]]] = await self._run(compute_layers, recipe, names)
        return found

    async def matrix(self, recipe: Recipe, picture: dict[str, Any]) -> Matrix:
        """Compute a picture of a layer in a child process."""
        found: Matrix = await self._run(compute_matrix, recipe, picture)
        return found

    async def importance(self, recipe: Recipe) -> dict[str, Any] | None:
        """Compute the importance of the parameters in a child process."""
        found: dict[str, Any] | None = await self._run(compute_importance, recipe)
        return found

    async def warm_up(self) -> str:
        """Start a child process."""
        return str(await self._run(warm_up))

    async def _run(self, function: Any, *arguments: Any) -> Any:
        pool = self._pool = self._pool or self._new_pool()
        try:
            limited = pool.submit(_within, self._most_seconds, function, *arguments)
            return await asyncio.wrap_future(limited)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            raise ComputeError(
                "the process that computed the posterior died, or took more than the "
                f"{self._most_seconds:g} seconds of BELIEFGRID_COMPUTE_SECONDS"
            ) from error

    def _new_pool(self) -> ProcessPoolExecutor:
        # Spawned, not forked: the parent has threads, and BLAS must read these variables first.
        # One thread, whatever was set: the last bits of a sum depend on how many share it.
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        return ProcessPoolExecutor(
            self._processes,
            mp_context=self._context,
            initializer=_be_a_child,
            initargs=(self._theirs,),
        )

    def close(self) -> None:
        """End the child processes; what they compute is computed again by whoever comes next."""
        self._ours.close()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._theirs.close()


def _be_a_child(parent: Connection) -> None:
    import signal
    import threading

    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.nice(5)  # answering workers comes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us


def _within(seconds: float, function: Any, *arguments: Any) -> Any:
    """Run a function; the system ends this process if it takes longer, whatever it is doing."""
    import signal

    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_with(parent: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        parent.recv_bytes()
    os._exit(0)  # in the middle of whatever the other thread computes


def _written(queue: list[tuple[int, dict[str, Any]]]) -> str:
    return json.dumps(queue, separators=(",", ":"))


@lru_cache(maxsize=4)
def _problem_of(definition: str) -> Any:
    from beliefgrid import search

    return search.Problem.from_definition(json.loads(definition))


def _problem(definition: dict[str, Any]) -> Any:
    return _problem_of(json.dumps(definition, sort_keys=False))


def _observations(recipe: Recipe) -> Any:
    from beliefgrid import search

    has_stddev = any(stddev is not None for stddev in recipe.stddevs)
    stddevs = [np.nan if stddev is None else stddev for stddev in recipe.stddevs]
    return search.Observations(
        cells=np.asarray(recipe.cells, dtype=np.int64),
        values=np.asarray(recipe.values, dtype=np.float64),
        infeasible=np.asarray(recipe.infeasible, dtype=np.int64),
        stddevs=np.asarray(stddevs, dtype=np.float64) if has_stddev else None,
    )


def _belief(grid: Any, belief: Any) -> dict[str, Any]:
    found = {name: getattr(belief, name) for name in ("cell", "mean", "sd", "p_best")}
    return found | {
        "observations": belief.observations,
        "assignments": grid.assignments(belief.cell),
    }


def _summary(problem: Any, posterior: Any, recipe: Recipe) -> dict[str, Any]:
    grid = problem.grid
    values = recipe.values
    best = (max if problem.goal == "maximize" else min)(values) if values else None
    first = posterior.queue[0] if posterior.queue else None
    return {
        "leader": _belief(grid, posterior.leader) if posterior.leader else None,
        "top": [_belief(grid, belief) for belief in posterior.top[:10]],
        "among_tested": _best_tested(grid, posterior),
        "tested_p_best": posterior.tested_p_best,
        "next": first and asdict(first) | {"assignments": grid.assignments(first.cell)},
        "best_value": best,
        "tested": len(set(recipe.cells) | set(recipe.infeasible)),
        "n_observations": posterior.n_observations,
        "conditioned_on": posterior.conditioned_on,
        "infeasible": posterior.infeasible,
        "entropy_bits": posterior.entropy_bits,
        "prior_bits": posterior.prior_bits,
        "information_bits": posterior.prior_bits - posterior.entropy_bits,
        "effective_cells": posterior.effective_cells,
        "cells_in_95": posterior.cells_in_95,
        "expected_regret": posterior.expected_regret,
        "probability_within": posterior.probability_within,
        "regret_epsilon": posterior.regret_epsilon,
        "expected_gain_10": posterior.expected_gain_10,
        "trials_to_finish": posterior.trials_to_finish,
        "leader_interval": posterior.leader_interval and list(posterior.leader_interval),
        "prior_p_value": posterior.conflict and posterior.conflict.p_value,
        "prior_power": posterior.conflict and posterior.conflict.power,
        "repeat": posterior.repeat and _repeat(grid, posterior.repeat),
        "holds": posterior.should_stop,
        "should_stop": False,
        "reasons": list(posterior.reasons),
        "axis_marginals": [list(marginal) for marginal in posterior.axis_marginals],
    }


def _best_tested(grid: Any, posterior: Any) -> list[dict[str, Any]]:
    """Return the tested cells that are most probably best; all of them would be a long list."""
    ranked = sorted(posterior.among_tested, key=lambda belief: (-belief.p_best, belief.cell))
    return [_belief(grid, belief) for belief in ranked[:SHOWN_TESTED]]


def _repeat(grid: Any, repeat: Any) -> dict[str, Any]:
    return asdict(repeat) | {"assignments": grid.assignments(repeat.cell)}
