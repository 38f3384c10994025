"""Small problems that the tests of the engine share."""

from typing import Any

import numpy as np

from beliefgrid.search import Observations, Problem
from beliefgrid.search.arrays import Floats

AUTOENCODER: list[dict[str, Any]] = [
    {"name": "learning_rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
    {"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
]
MIXED: list[dict[str, Any]] = [
    {"name": "rate", "kind": "ordered", "values": [0.1, 0.001, 0.01, 1.0], "scale": "log"},
    {"name": "size", "kind": "ordered", "low": 1, "high": 5, "levels": 5},
    {"name": "kind", "kind": "categorical", "values": ["tanh", "relu", "gelu"]},
]


def problem(parameters: list[dict[str, Any]] = MIXED, **more: Any) -> Problem:
    """Return a problem with some parameters and any other fields of a definition."""
    return Problem.from_definition({"parameters": parameters, "seed": 7} | more)


def kronecker(matrices: list[Floats]) -> Floats:
    """Return the Kronecker product of matrices, the slow and obvious way."""
    product = np.ones((1, 1))
    for matrix in matrices:
        product = np.asarray(np.kron(product, matrix), dtype=np.float64)
    return product


def observed(
    cells: list[int],
    values: list[float],
    infeasible: list[int] | None = None,
    stddevs: list[float] | None = None,
) -> Observations:
    """Return observations from lists."""
    return Observations(
        np.array(cells, dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.array(infeasible or [], dtype=np.int64),
        None if stddevs is None else np.array(stddevs, dtype=np.float64),
    )


def some_results(of: Problem, n: int, *, seed: int = 0, infeasible: int = 0) -> Observations:
    """Return n results of a smooth function with a little noise, and some infeasible cells."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(of.grid.n_cells, n + infeasible, replace=False)
    u = np.stack([np.array(of.grid.levels(int(cell))) for cell in cells]) / np.array(of.grid.shape)
    values = ((u - 0.4) ** 2).sum(axis=1) + 0.01 * rng.standard_normal(len(cells))
    return observed(cells[:n].tolist(), values[:n].tolist(), cells[n:].tolist())
