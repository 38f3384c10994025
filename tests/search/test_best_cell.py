"""P(best): Bayes' rule over cells, against the enumeration of every sample."""

import numpy as np
import pytest

from beliefgrid.search import best_cell

F = np.array([[0.0, 1.0, 2.0], [1.0, 0.5, 3.0], [0.2, 0.9, 0.1], [0.0, 5.0, 5.0]])
NONE_EXCLUDED = np.zeros(3, dtype=np.bool_)


def test_draws_are_those_of_every_sample_counted() -> None:
    """Histogram and softmin, sample by sample."""
    found = best_cell.draws([F[:3].copy(), F[3:].copy()], NONE_EXCLUDED, leader=1)

    weights = np.exp(-F / best_cell.SOFTMIN_T)
    softmin = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(found.histogram, [0.5, 0.25, 0.25])
    np.testing.assert_allclose(found.softmin, softmin)
    assert found.lowest.tolist() == [0.0, 0.5, 0.1, 0.0]
    assert found.at_leader.tolist() == F[:, 1].tolist()


def test_the_posterior_is_prior_times_likelihood() -> None:
    """posterior(c) = prior(c) L(c) / sum, with L the calibrated mixture."""
    prior = np.array([0.7, 0.2, 0.1])
    found = best_cell.draws([F.copy()], NONE_EXCLUDED, leader=None)
    likelihood = 0.10 / 3 + 0.27 * found.histogram + 0.63 * found.softmin

    posterior = best_cell.posterior(prior, found, NONE_EXCLUDED)

    np.testing.assert_allclose(posterior, prior * likelihood / (prior @ likelihood))


def test_an_excluded_cell_is_never_the_best() -> None:
    """It has no share, and the others sum to one."""
    excluded = np.array([True, False, False])
    found = best_cell.draws([F.copy()], excluded, leader=1)
    posterior = best_cell.posterior(np.full(3, 1 / 3), found, excluded)

    assert posterior[0] == 0
    assert posterior.sum() == pytest.approx(1)
    assert found.lowest.tolist() == [1.0, 0.5, 0.1, 5.0]


def test_when_everything_is_excluded_nobody_knows() -> None:
    """The answer is uniform, not a division by zero."""
    found = best_cell.normalised(np.ones(4), np.ones(4, dtype=np.bool_))

    assert found.tolist() == [0.25] * 4
