"""Cholesky factors that do not fail: more jitter until they exist."""

from typing import NoReturn

import numpy as np
from scipy.linalg import lapack

from beliefgrid.search.arrays import Floats

FIRST_JITTER, LAST_JITTER = 1e-8, 1e-2


def factorise(matrix: Floats, signal: float) -> Floats:
    """Return the lower Cholesky factor; jitter of 1e-8..1e-2 times `signal` is added if needed.

    Raises:
        LinAlgError: no such jitter helps, as when a number is not finite.
    """
    lower, info = lapack.dpotrf(matrix, lower=1, clean=1)
    jitter = FIRST_JITTER
    while info != 0 and jitter <= LAST_JITTER:
        lifted = matrix + jitter * signal * np.eye(len(matrix))
        lower, info = lapack.dpotrf(lifted, lower=1, clean=1)
        jitter *= 10
    # LAPACK may let NaN pass; wherever it is, it reaches the last pivot.
    if info != 0 or not np.isfinite(lower[-1:, -1:]).all():
        _fail(matrix)
    return np.asarray(lower)


def inverse_of(lower: Floats) -> Floats:
    """Return (L L')^-1; above the diagonal L is zero."""
    half, _ = lapack.dpotri(lower, lower=1)  # there it stays so
    inverse = np.asarray(half + half.T)
    np.fill_diagonal(inverse, half.diagonal())
    return inverse


def solve(lower: Floats, right: Floats) -> Floats:
    """Return (L L')^-1 right."""
    found, _ = lapack.dpotrs(lower, right, lower=1)
    return np.asarray(found).reshape(right.shape)


def inverse_factor(lower: Floats) -> Floats:
    """Return L^-1."""
    inverse, _ = lapack.dtrtri(lower, lower=1)
    return np.asarray(inverse)


def _fail(matrix: Floats) -> NoReturn:
    largest = float(np.abs(matrix).max())
    raise np.linalg.LinAlgError(f"no Cholesky factor of a matrix with entries up to {largest:g}")
