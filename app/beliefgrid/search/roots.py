"""Square roots of kernels, out of which samples of a process are made."""

import numpy as np

from beliefgrid.search.arrays import Floats

SMALLEST_FACTOR = 32  # axes are multiplied out up to this size: tiny matrix products are slow


def grouped_roots(matrices: list[Floats]) -> list[Floats]:
    """Return symmetric square roots, neighbouring tiny ones multiplied out."""
    groups: list[Floats] = []
    for matrix in matrices:
        root = symmetric_root(matrix)
        if groups and len(groups[-1]) * len(root) <= SMALLEST_FACTOR:
            groups[-1] = np.asarray(np.kron(groups[-1], root), dtype=np.float64)
        else:
            groups.append(root)
    return groups or [np.ones((1, 1))]


def symmetric_root(matrix: Floats) -> Floats:
    """Return the symmetric R with R R = matrix; eigenvalues below zero are rounding errors."""
    values, vectors = np.linalg.eigh(matrix)
    root = np.sqrt(np.maximum(values, 0.0))
    return np.asarray((vectors * root) @ vectors.T)
