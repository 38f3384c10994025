"""Exact joint samples of the objective over the whole grid (Matheron's rule).

Notation: S samples, G cells, n results.
    roots    symmetric square roots of the axes' kernels; symmetric, so that samples move
             smoothly with theta while the same normals are used
    f0       (S, G)  samples of the process before the results
    residual (S, n)  targets - f0 at the results - noise
Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Iterator

import numpy as np

from beliefgrid.search.arrays import Reals
from beliefgrid.search.cholesky import solve
from beliefgrid.search.streams import normals
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.theta_density import TAU2

BLOCK_VALUES = 1 << 17  # of samples held at once: half a megabyte stays in the cache
FEW = 4  # samples: as many at once cost less than one by one ...
FEW_VALUES = 1 << 19  # ... while they are no more values than these


def samples(
    surrogate: Surrogate, n_samples: int, generator: np.random.Generator
) -> Iterator[Reals]:
    """Yield blocks of samples of the objective, together (n_samples, G).

    A block is gone when the next one comes: both use the same memory.
    """
    n_cells = surrogate.factors.n_cells
    few = max(1, min(FEW, FEW_VALUES // n_cells))
    step = min(n_samples, max(few, BLOCK_VALUES // n_cells))
    roots = surrogate.factors.roots()
    memory = np.empty((2, step, n_cells), dtype=np.float32)  # fresh memory costs page faults
    for first in range(0, n_samples, step):
        yield _block(surrogate, roots, memory[:, : n_samples - first], generator)


def _block(
    surrogate: Surrogate, roots: list[Reals], memory: Reals, generator: np.random.Generator
) -> Reals:
    n_samples, n = memory.shape[1], len(surrogate.cells)
    f = _before_results(roots, memory, generator)
    f *= np.float32(surrogate.signal**0.5)
    f += np.float32(TAU2**0.5) * normals(generator, n_samples)[:, None]
    noise = normals(generator, n_samples * n).reshape(n_samples, n) * np.sqrt(surrogate.noise)
    residual = surrogate.targets[:, 0] - f[:, surrogate.cells] - noise
    weights = solve(surrogate.lower, residual.T).T
    other = memory[int(np.shares_memory(f, memory[0]))]
    f += surrogate.weighted(weights, out=other)  # (5.2)
    return f


def _before_results(roots: list[Reals], memory: Reals, generator: np.random.Generator) -> Reals:
    """Return samples of a process with the kernel alone (5.1)."""
    f: Reals = normals(generator, memory[0].size)
    for turn, root in enumerate(roots):  # each product moves its axis behind the others
        out = memory[turn % 2].reshape(-1, len(root))
        f = np.matmul(f.reshape(len(root), -1).T, root, out=out)
    return f.reshape(memory[0].shape)
