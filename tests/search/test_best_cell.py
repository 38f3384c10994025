"""P(best): Bayes' rule over cells, against the enumeration of every sample."""

from itertools import permutations

import numpy as np
import pytest

from beliefgrid.search import best_cell

F = np.array([[0.0, 1.0, 2.0], [1.0, 0.5, 3.0], [0.2, 0.9, 0.1], [0.0, 5.0, 5.0]])
NONE_EXCLUDED = np.zeros(3, dtype=np.bool_)


def test_draws_are_those_of_every_sample_counted() -> None:
    """Histogram and softmin, sample by sample."""
    found = best_cell.draws([F[:3].copy(), F[3:].copy()], NONE_EXCLUDED, 1, untested=0.5)

    np.testing.assert_allclose(found.histogram, [0.5, 0.25, 0.25])
    for temperature, softmin in zip([0.4, 0.1, 0.025], found.softmins, strict=True):
        weights = np.exp(-F / temperature)
        expected = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
        np.testing.assert_allclose(softmin, expected)
    assert found.lowest.tolist() == [0.0, 0.5, 0.1, 0.0]
    assert found.at_leader.tolist() == F[:, 1].tolist()


def test_draws_on_large_grids_are_the_same_to_single_precision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sums over samples in single precision, block by block, beside those in double."""
    rng, excluded = np.random.default_rng(0), np.arange(500) % 7 == 0
    f = rng.standard_normal((12, 500)).astype(np.float32)
    double = best_cell.draws([f[:1].copy(), f[1:].copy()], excluded, 1, untested=0.5)
    monkeypatch.setattr(best_cell, "LARGE", 499)

    single = best_cell.draws([f[:1].copy(), f[1:].copy()], excluded, 1, untested=0.5)

    assert single.softmins.dtype == np.float32
    np.testing.assert_allclose(single.softmins, double.softmins, rtol=2e-6, atol=1e-30)
    np.testing.assert_array_equal(single.histogram, double.histogram)
    np.testing.assert_array_equal(single.lowest, double.lowest)


def test_the_posterior_is_prior_times_likelihood() -> None:
    """posterior(c) = prior(c) L(c) / sum, with L a power of the calibrated mixture."""
    prior = np.array([0.7, 0.2, 0.1])
    found = best_cell.draws([F.copy()], NONE_EXCLUDED, None, untested=0.5)
    parts = [np.full(3, 0.5 / 3), found.histogram, *found.softmins]
    likelihood = (np.array([0.10, 0.05, 0.35, 0.50, 0.00]) @ parts) ** (1 + 0.1 * 0.5)

    posterior = best_cell.posterior(prior, found, NONE_EXCLUDED, n_results=3, untested=0.5)

    np.testing.assert_allclose(posterior, prior * likelihood / (prior @ likelihood))


@pytest.mark.parametrize("seen", [(0, 1), (1, 2), (2, 0)])
def test_a_users_prior_over_the_best_cell_is_exact_by_enumeration(seen: tuple[int, int]) -> None:
    """Bayes' rule over all objectives of a small grid, each weighted by the prior of its best cell.

    Objectives are the orders of four values on four cells, so that without a prior each cell is the
    best one in as many; the data are one value, which leaves six of the 24.
    """
    cell, value = seen
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    objectives = np.array(list(permutations(range(4))), dtype=np.float64)
    exact = np.zeros(4)
    for f in objectives:
        joint = prior[f.argmin()] / 6 * (f[cell] == value)
        exact[f.argmin()] += joint

    samples = objectives[objectives[:, cell] == value]
    none = np.zeros(4, dtype=np.bool_)
    found = best_cell.draws([samples], none, None, untested=0.0)
    posterior = best_cell.posterior(prior, found, none, n_results=1, untested=0.0)

    np.testing.assert_allclose(posterior, exact / exact.sum(), atol=1e-12)


def test_an_excluded_cell_is_never_the_best() -> None:
    """It has no share, and the others sum to one."""
    excluded = np.array([True, False, False])
    found = best_cell.draws([F.copy()], excluded, 1, untested=0.5)
    prior = np.full(3, 1 / 3)
    posterior = best_cell.posterior(prior, found, excluded, n_results=9, untested=0.5)

    assert posterior[0] == 0
    assert posterior.sum() == pytest.approx(1)
    assert found.lowest.tolist() == [1.0, 0.5, 0.1, 5.0]


def test_when_everything_is_excluded_nobody_knows() -> None:
    """The answer is uniform, not a division by zero."""
    found = best_cell.normalised(np.ones(4), np.ones(4, dtype=np.bool_))

    assert found.tolist() == [0.25] * 4


def test_when_every_cell_is_tested_only_the_samples_count() -> None:
    """No uniform share and no softness are left: the belief is the histogram."""
    found = best_cell.draws([F.copy()], NONE_EXCLUDED, 1, untested=0.0)
    prior = np.full(3, 1 / 3)
    posterior = best_cell.posterior(prior, found, NONE_EXCLUDED, n_results=3, untested=0.0)

    np.testing.assert_allclose(posterior, found.histogram, atol=1e-12)


@pytest.mark.parametrize("n_results", [0, 6, 11, 20, 500])
def test_weights_sum_to_one(n_results: int) -> None:
    """They move from one end to the other and stay there."""
    weights = best_cell.weights(n_results)

    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert best_cell.weights(6).tolist() == list(best_cell.WEIGHTS_OF_FEW)
    np.testing.assert_allclose(best_cell.weights(500), best_cell.WEIGHTS_OF_MANY)
