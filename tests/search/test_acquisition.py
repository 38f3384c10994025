"""How much a test promises, against numerical integration."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from beliefgrid.search import acquisition
from beliefgrid.search.sequence import one_after_the_other, top
from beliefgrid.search.streams import stream
from tests.search.problems import problem


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (-2.0, 0.3), (3.0, 0.7), (1.0, 0.05)])
def test_log_ei_is_the_logarithm_of_the_integral(mean: float, sd: float) -> None:
    """E[max(best - f, 0)] by quadrature; the best is 0.5."""
    by_quad = quad(
        lambda f: (0.5 - f) * norm.pdf(f, mean, sd), mean - 40 * sd, 0.5, epsabs=0, limit=200,
        points=[min(mean, 0.5)],
    )[0]  # fmt: skip
    found = acquisition.log_expected_improvement(np.array([mean]), np.array([sd]), 0.5)

    assert np.exp(found[0]) == pytest.approx(by_quad, rel=1e-6)


def test_log_ei_keeps_order_far_below_what_a_float_can_hold() -> None:
    """No ties and no infinities where EI itself is zero."""
    u = -np.logspace(-2, 8, 500)
    found = acquisition.log_h(u)

    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_log_ei_is_smooth_where_its_formulas_meet() -> None:
    """At u = -1 and far out."""
    for where in (-1.0, acquisition.FAR):
        near = acquisition.log_h(np.array([where * (1 + 1e-9), where * (1 - 1e-9)]))
        assert near[0] == pytest.approx(near[1], rel=1e-6)


def test_an_improvement_is_what_mean_and_sd_add() -> None:
    """The two parts sum to EI."""
    mean, sd = np.array([0.2, 1.0]), np.array([0.5, 0.4])
    value, doubt = acquisition.improvement_parts(mean, sd, 0.5)

    ei = np.exp(acquisition.log_expected_improvement(mean, sd, 0.5))
    np.testing.assert_allclose(value + doubt, ei, rtol=1e-10)


def test_a_prior_counts_less_with_every_result() -> None:
    """Ten over n times its logarithm."""
    log_prior = np.log(np.array([0.5, 2.0]))

    np.testing.assert_allclose(acquisition.prior_term(log_prior, 20), 0.5 * log_prior)
    np.testing.assert_allclose(acquisition.prior_term(log_prior, 0), 10 * log_prior)


def test_a_chosen_cell_takes_variance_from_those_like_it() -> None:
    """The second choice is not the twin of the first; the sds are those of the conditioned."""
    covariance = np.array([[1.0, 0.99, 0.0], [0.99, 1.0, 0.0], [0.0, 0.0, 0.9]])

    found = one_after_the_other(covariance, 0.01, lambda sd: sd, 5)

    assert found.places.tolist() == [0, 2, 1]
    np.testing.assert_allclose(found.sds[2], np.sqrt(1 - 0.99**2 / 1.01))


def test_the_top_is_in_order_and_without_gaps() -> None:
    """NaN is no score; equal scores are drawn lots for, the same way every time."""
    scores = np.array([1.0, np.nan, 3.0, 3.0, 2.0])

    assert top(scores, 3, stream(0, 0, "t")).tolist()[2] == 4
    assert set(top(scores, 2, stream(0, 0, "t")).tolist()) == {2, 3}
    assert len(top(scores, 10, stream(0, 0, "t"))) == 4
    firsts = {int(top(np.zeros(5), 1, stream(0, event, "t"))[0]) for event in range(40)}
    assert firsts == {0, 1, 2, 3, 4}


def test_the_middle_of_ordered_axes_is_preferred() -> None:
    """By the square of the distance along the axis; two levels have no middle."""
    axes: list[dict[str, Any]] = [
        {"name": "a", "values": [4, 2, 3], "scale": "linear"},
        {"name": "b", "values": [1, 2], "scale": "linear"},
    ]

    found = acquisition.log_middle(problem(axes).grid)

    np.testing.assert_allclose(found, [-0.1, -0.1, -0.1, -0.1, 0, 0])


def test_grids_with_categories_have_no_preferred_middle() -> None:
    """There it did not help."""
    assert not acquisition.log_middle(problem().grid).any()
