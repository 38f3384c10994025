"""Fitting theta: the objective, its gradient, and when a fit is due."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from beliefgrid.search import Theta, fit, warp
from beliefgrid.search.arrays import Floats
from beliefgrid.search.errors import ThetaInvalidError
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import Results, merge
from beliefgrid.search.theta_density import Objective, prior_of
from tests.search.problems import MIXED, observed, problem, some_results

PROBLEM = problem()
SPACE = Space.of(PROBLEM.grid)


def _objective(results: Results, noise: str = "some") -> Objective:
    return Objective(SPACE, results, noise, *warp.location_and_scale(results.values))


def _results(n: int = 15, infeasible: int = 0, stddev: float | None = None) -> Results:
    found = some_results(PROBLEM, n, infeasible=infeasible)
    stddevs = None if stddev is None else [stddev] * n
    return merge(PROBLEM, observed(found.cells.tolist(), found.values.tolist(),
                                   found.infeasible.tolist(), stddevs))  # fmt: skip


@pytest.mark.parametrize("infeasible", [0, 4])
@pytest.mark.parametrize("stddev", [None, 0.02])
def test_the_gradient_is_that_of_finite_differences(infeasible: int, stddev: float | None) -> None:
    """By every hyperparameter, with infeasible cells and stated deviations too."""
    objective = _objective(_results(infeasible=infeasible, stddev=stddev))
    rng = np.random.default_rng(3)
    p = objective.prior.mean + 0.3 * rng.standard_normal(len(objective.prior.mean))
    h = 1e-5

    _, gradient = objective(p)

    for i in range(len(p)):
        step = h * np.eye(len(p))[i]
        slope = (objective(p + step)[0] - objective(p - step)[0]) / (2 * h)
        assert gradient[i] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_the_objective_is_the_density_of_the_results() -> None:
    """Against scipy's normal density, up to constants that no hyperparameter changes."""
    results = _results()
    objective = _objective(results)

    def by_scipy(p: Floats) -> float:
        flat = SPACE.kernels(p[:3], 1 / (1 + np.exp(-p[3:6])))
        levels = SPACE.levels(results.cells)
        product = np.ones((15, 15))
        for axis, matrix in enumerate(SPACE.matrices(flat)):
            product *= matrix[np.ix_(levels[:, axis], levels[:, axis])]
        signal = np.exp(p[6])
        covariance = signal * product + 1 + (np.exp(p[7]) + 1e-8 * signal) * np.eye(15)
        w = warp.forward(objective.z, p[8])
        density = multivariate_normal(np.zeros(15), covariance).logpdf(w)
        jacobian = (p[8] - 1) * np.sum(np.sign(objective.z) * np.log1p(np.abs(objective.z)))
        prior = -0.5 * np.sum(((p - objective.prior.mean) / objective.prior.sd) ** 2)
        return float(-(density + jacobian + prior))

    p = objective.prior.mean
    q = p + 0.2
    assert objective(q)[0] - objective(p)[0] == pytest.approx(by_scipy(q) - by_scipy(p), abs=1e-8)


def test_the_information_is_that_of_the_results_covariance() -> None:
    """Half the trace of C^-1 dC C^-1 dC, by differences; targets add to that of lambda."""
    objective = _objective(_results())
    p, h, k = objective.prior.mean, 1e-5, len(objective.prior.mean)

    def covariance(q: Floats) -> Floats:
        lower = objective._at(q).lower
        return np.asarray(lower @ lower.T)

    steps = h * np.eye(k)
    slopes = [(covariance(p + s) - covariance(p - s)) / (2 * h) for s in steps[:-1]]
    inverse = np.linalg.inv(covariance(p))
    relative = [inverse @ slope for slope in slopes]
    by_power = (warp.forward(objective.z, p[-1] + h) - warp.forward(objective.z, p[-1] - h)) / (
        2 * h
    )

    found = objective.information(p)

    expected = np.array([[0.5 * np.trace(one @ other) for one in relative] for other in relative])
    np.testing.assert_allclose(found[:-1, :-1], expected, rtol=1e-4, atol=1e-4)
    assert found[-1, -1] == pytest.approx(by_power @ inverse @ by_power, rel=1e-4)


@pytest.mark.parametrize("n", [1, 30, 55])
def test_a_fit_is_a_minimum(n: int) -> None:
    """No small step is better."""
    objective = _objective(_results(n))
    value, p = objective.minimum(objective.prior.mean)

    rng = np.random.default_rng(0)
    assert len(objective.z) == n
    for _ in range(20):
        q = np.clip(
            p + 0.05 * rng.standard_normal(len(p)), objective.prior.low, objective.prior.high
        )
        assert objective(q)[0] > value - 1e-3


def test_no_noise_is_the_smallest_there_is() -> None:
    """The study's `noise` is the prior of sigma."""
    none = fit.fitted(SPACE, _results(), "none", None, 0)
    high = fit.fitted(SPACE, _results(), "high", None, 0)

    assert none.noise == pytest.approx(1e-6)
    assert high.noise > none.noise


@pytest.mark.parametrize(
    ("n", "fitted_on", "is_due"),
    [
        (5, 5, True),
        (100, 99, True),
        (110, 109, False),
        (110, 104, True),
        (300, 286, False),
        (300, 285, True),
        (150, 200, True),
    ],
)
def test_fits_become_rare_as_results_come(n: int, fitted_on: int, *, is_due: bool) -> None:
    """Every result up to 100, then every twentieth part; fewer results than before are new."""
    assert fit._is_due(n, fitted_on) is is_due


def test_theta_is_kept_while_no_fit_is_due() -> None:
    """The very same object."""
    many = problem([{"name": n, "values": list(range(12))} for n in ("a", "b")])
    space, results = Space.of(many.grid), merge(many, some_results(many, 110))
    first = replace(fit.default_theta(space, "some"), fitted_on=108)

    assert fit.fitted(space, results, "some", first, 0) is first
    assert fit.fitted(space, results, "some", replace(first, fitted_on=90), 0) is not first


def test_theta_of_another_grid_is_not_used() -> None:
    """A grid that was edited is fitted afresh."""
    other = Theta((0.0,), (0.0,), 0.0, -7.0, 1.0, 0.0, 1.0, fitted_on=15, fits=3)

    assert fit.fitted(SPACE, _results(), "some", other, 0).fits == 1


def test_of_many_results_the_best_and_some_others_are_fitted_on() -> None:
    """256 of them, the best 64 among them, in one order."""
    many = problem([{"name": n, "values": list(range(30))} for n in ("a", "b")])
    results = merge(many, some_results(many, 400))

    rows = fit._rows_to_fit(results, 0)

    assert len(set(rows.tolist())) == 256
    assert set(np.argsort(results.values)[:64]) <= set(rows.tolist())


def test_theta_reads_back_bit_for_bit() -> None:
    """JSON keeps every digit."""
    theta = fit.fitted(SPACE, _results(), "some", None, 0)

    assert Theta.from_json(theta.to_json()) == theta


@pytest.mark.parametrize("stored", [{}, {"log_lengthscales": 3}, {"surprise": 1}])
def test_another_theta_is_refused(stored: dict[str, object]) -> None:
    """It says what was expected."""
    with pytest.raises(ThetaInvalidError, match="stored theta"):
        Theta.from_json(stored)


def test_ordered_axes_of_few_levels_are_expected_to_matter_less() -> None:
    """Whatever the levels that results have."""
    few, many = ({"name": f"n{n}", "kind": "ordered", "values": list(range(n))} for n in (3, 90))
    space = Space.of(problem([few, many]).grid)
    thin, _ = space.thinned(np.array([[0, 1], [2, 70]]))

    lengthscales = prior_of(space, "some").mean[:2]
    assert lengthscales[0] - lengthscales[1] == pytest.approx(1.5 / 3 - 1.5 / 90)
    np.testing.assert_array_equal(prior_of(thin, "some").mean, prior_of(space, "some").mean)


def test_a_fit_looks_only_at_levels_that_results_have() -> None:
    """On a long axis the objective and its gradient are those of all levels."""
    axis = {"name": "long", "kind": "ordered", "values": list(range(90))}
    of = problem([axis, MIXED[2]])
    results = merge(of, some_results(of, 9))
    whole = Space.of(of.grid)
    thin, cells = whole.thinned(whole.levels(results.cells))
    p = prior_of(whole, "some").mean + 0.1
    value, gradient = Objective(whole, results, "some", 0.0, 1.0)(p)
    placed = replace(results, cells=cells)
    other, by_thin = Objective(thin, placed, "some", 0.0, 1.0)(p)

    assert other == pytest.approx(value)
    np.testing.assert_allclose(by_thin, gradient, atol=1e-9)
