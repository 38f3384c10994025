"""The conditioned process on the whole grid, against dense algebra; samples against moments."""

import numpy as np
import pytest

from beliefgrid.search.arrays import Floats, Reals
from beliefgrid.search.kernel import Space
from beliefgrid.search.samples import samples
from beliefgrid.search.streams import stream
from beliefgrid.search.surrogate import Surrogate
from beliefgrid.search.theta import Theta
from beliefgrid.search.theta_density import JITTER, TAU2
from tests.search.problems import kronecker, problem

SPACE = Space.of(problem().grid)
THETA = Theta((-0.5, 0.3, 0.1), (-2.0, -3.0, -1.0), 0.2, -4.0, 1.0, 0.0, 1.0, fitted_on=5, fits=1)
CELLS = np.array([3, 17, 22, 41, 58])
TARGETS = np.array([0.3, -1.0, 0.5, 1.2, -0.4])
NOISE = np.array([0.01, 0.02, 0.01, 0.05, 0.01])


def _surrogate(dtype: type[np.floating] = np.float64) -> Surrogate:
    return Surrogate.condition(SPACE, THETA, cells=CELLS, targets=TARGETS, noise=NOISE, dtype=dtype)


def _dense() -> tuple[Floats, Floats]:
    """Mean and covariance of all cells given the results, by the textbook."""
    flat = SPACE.kernels(np.array(THETA.log_lengthscales), THETA.floors)
    prior = THETA.signal * kronecker(SPACE.matrices(flat)) + TAU2
    data = prior[np.ix_(CELLS, CELLS)] + np.diag(NOISE + JITTER * THETA.signal)
    gain = prior[:, CELLS] @ np.linalg.inv(data)
    return gain @ TARGETS, prior - gain @ prior[CELLS]


def test_mean_and_variance_are_the_dense_ones() -> None:
    """On 4 x 5 x 3 to 1e-9 in double precision."""
    mean, covariance = _dense()

    np.testing.assert_allclose(_surrogate().mean()[0], mean, atol=1e-9)
    np.testing.assert_allclose(_surrogate().variance(), np.diagonal(covariance), atol=1e-9)


def test_single_precision_is_close() -> None:
    """To a few millionths."""
    mean, covariance = _dense()

    np.testing.assert_allclose(_surrogate(np.float32).mean()[0], mean, atol=1e-5)
    np.testing.assert_allclose(
        _surrogate(np.float32).variance(), np.diagonal(covariance), atol=1e-5
    )


def test_single_cells_agree_with_the_grid() -> None:
    """Moments and joint covariance of some cells are those of the dense algebra."""
    some = np.array([0, 3, 44])
    mean, covariance = _dense()

    found, sd = _surrogate().moments(some)
    joint, matrix = _surrogate().joint(some)

    np.testing.assert_allclose(found, mean[some], atol=1e-9)
    np.testing.assert_allclose(sd, np.sqrt(np.diagonal(covariance)[some]), atol=1e-9)
    np.testing.assert_allclose(joint[0], mean[some], atol=1e-9)
    np.testing.assert_allclose(matrix, covariance[np.ix_(some, some)], atol=1e-9)


def _samples(n_samples: int, event: int) -> Reals:
    blocks = samples(_surrogate(), n_samples, stream(0, event, "test"))
    return np.concatenate([block.copy() for block in blocks])


def test_samples_have_the_moments_of_the_process() -> None:
    """Mean, variance and covariances of 20,000 joint samples."""
    f = _samples(20_000, 0)
    mean, covariance = _dense()

    assert f.shape == (20_000, 60)
    np.testing.assert_allclose(f.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(np.cov(f.T), covariance, atol=0.08)


def test_samples_come_in_blocks_that_are_the_same_every_time() -> None:
    """One stream gives one set of samples, bit for bit."""
    first = _samples(7, 1)
    again = _samples(7, 1)
    other = _samples(7, 2)

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_blocks_are_small_on_large_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more values are held at once than allowed."""
    monkeypatch.setattr("beliefgrid.search.samples.BLOCK_VALUES", 200)
    monkeypatch.setattr("beliefgrid.search.samples.FEW", 1)

    assert [len(f) for f in samples(_surrogate(), 7, stream(0, 1, "test"))] == [3, 3, 1]
