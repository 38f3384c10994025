"""How fast this machine multiplies matrices and moves memory: what the engine is held against."""

from collections.abc import Callable
from time import process_time

import numpy as np


def fastest(function: Callable[[], object], repeats: int) -> float:
    """Return the CPU seconds of the fastest of some calls: the least disturbed one."""
    times = []
    for _ in range(repeats):
        began = process_time()
        function()
        times.append(process_time() - began)
    return min(times)


def sgemm_gflops(n: int = 1024) -> float:
    """Return the rate of a product of two single-precision matrices, one thread."""
    a, b, c = np.random.default_rng(0).random((3, n, n), dtype=np.float32)
    return 2e-9 * n**3 / fastest(lambda: np.matmul(a, b, out=c), 7)


def memory_gbytes(n: int = 1 << 24) -> float:
    """Return the rate of a copy of a large array, bytes read and written."""
    source, target = np.ones(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    return 8e-9 * n / fastest(lambda: np.copyto(target, source), 7)
