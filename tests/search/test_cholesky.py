"""Cholesky factors of matrices that are only just positive definite, or not at all."""

import numpy as np
import pytest

from beliefgrid.search import cholesky


def test_jitter_makes_a_singular_matrix_positive_definite() -> None:
    """Two equal cells without noise are no reason to fail."""
    singular = np.ones((3, 3))

    lower = cholesky.factorise(singular, 1.0)

    np.testing.assert_allclose(lower @ lower.T, singular, atol=1e-2)


def test_what_no_jitter_cures_is_an_error() -> None:
    """NaN does not become a number in silence."""
    with pytest.raises(np.linalg.LinAlgError, match="Cholesky"):
        cholesky.factorise(np.full((2, 2), np.nan), 1.0)


def test_inverse_and_solutions_agree() -> None:
    """With numpy's."""
    root = np.random.default_rng(0).standard_normal((6, 6))
    matrix = root @ root.T + np.eye(6)
    lower = cholesky.factorise(matrix, 1.0)
    right = np.arange(12.0).reshape(6, 2)

    np.testing.assert_allclose(cholesky.inverse_of(lower), np.linalg.inv(matrix), atol=1e-10)
    np.testing.assert_allclose(cholesky.inverse_factor(lower) @ lower, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(cholesky.solve(lower, right), np.linalg.solve(matrix, right))
