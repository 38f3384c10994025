"""What else is known: conflict with the prior, importance, forecast, a second look."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beliefgrid.search import Observations, importance, update
from beliefgrid.search.anova import importance as anova
from beliefgrid.search.arrays import Floats
from beliefgrid.search.conflict import conflict, tempered
from beliefgrid.search.forecast import trials_to_finish
from beliefgrid.search.prior import Prior
from beliefgrid.search.repeat import gain_of_measuring
from tests.search.problems import AUTOENCODER, MIXED, observed, problem, some_results

NONE_EXCLUDED = np.zeros(8, dtype=np.bool_)


# ---------------------------------------------------------------- prior against data
def _prior(own: Floats) -> Prior:
    own = own / own.sum()
    return Prior(0.95 * own + 0.05 / len(own), is_uniform=False, own=own)


@given(st.lists(st.floats(0.01, 1), min_size=8, max_size=8), st.integers(0, 2**32 - 1))
def test_a_small_p_value_is_as_rare_as_it_says(own: list[float], seed: int) -> None:
    """Under the prior's own predictions of the data, all of them enumerated."""
    prior = _prior(np.array(own))
    assert prior.own is not None
    # P(data d | cell c is the best): 6 possible data sets for each of 8 cells.
    likelihood = np.random.default_rng(seed).dirichlet(np.full(6, 0.3), size=8)
    predicted = prior.own @ likelihood
    found = [conflict(prior, likelihood[:, d], NONE_EXCLUDED) for d in range(6)]
    p_values = np.array([1.0 if one is None else one.p_value for one in found])

    for level in (0.01, 0.05, 0.2, 0.5):
        assert predicted[p_values <= level].sum() <= level + 1e-12


def test_a_prior_is_discounted_by_how_much_it_is_contradicted() -> None:
    """Not at all above 0.05, to nothing as the p-value goes to 0."""
    sure = np.full(8, 1e-9)
    sure[0] = 1.0
    against = np.full(8, 1e-4)
    against[5] = 1.0
    found = conflict(_prior(sure), against, NONE_EXCLUDED)
    agrees = conflict(_prior(sure), against[::-1][[2, *range(7)]], NONE_EXCLUDED)

    assert found is not None
    assert found.is_conflict
    assert found.power == pytest.approx(found.p_value / 0.05)
    assert agrees is not None
    assert (agrees.p_value, agrees.power) == (1.0, 1.0)
    assert conflict(Prior(sure, is_uniform=True), against, NONE_EXCLUDED) is None


@given(st.floats(0, 1))
def test_tempering_keeps_order_and_zeros(power: float) -> None:
    """And sums to one; to the power 0 all that is left is uniform."""
    weights = np.array([0.0, 0.1, 0.2, 0.7])
    found = tempered(weights, power)

    assert found.sum() == pytest.approx(1)
    assert found[0] == 0
    assert (np.diff(found[1:]) >= 0).all()
    np.testing.assert_allclose(tempered(weights, 0)[1:], 1 / 3)


def test_a_wrong_prior_is_found_out_and_a_right_one_is_not() -> None:
    """The best rate is in the middle; one prior says so, the other is sure of an end."""
    right, wrong = [1, 4, 1], [1e-6, 1e-6, 1]
    powers = []
    for weights in (right, wrong):
        of = problem(AUTOENCODER, prior={"axes": {"learning_rate": weights}}, noise="none")
        cells = list(range(9))
        values = [3.0, 3.1, 3.2, 0.1, 0.2, 0.3, 3.4, 3.3, 3.5]
        posterior = update(of, observed(cells, values))
        assert posterior.conflict is not None
        powers.append(posterior.conflict.power)

    assert powers[0] == 1
    assert powers[1] < 0.1
    assert update(problem(), some_results(problem(), 5)).conflict is None


# ---------------------------------------------------------------- what matters
def test_importance_of_a_known_function_is_what_arithmetic_says() -> None:
    """The function 2a + b + ab, on a symmetric 2 x 2 x 3 grid; the third axis does nothing."""
    grid = problem(
        [
            {"name": "a", "kind": "ordered", "values": [-1, 1]},
            {"name": "b", "kind": "ordered", "values": [-1, 1]},
            {"name": "c", "kind": "categorical", "values": ["x", "y", "z"]},
        ]
    ).grid
    a, b = np.array([[grid.levels(c)[i] * 2 - 1 for c in range(12)] for i in (0, 1)])
    found = anova(grid, [2.0 * a + b + a * b])

    assert [s.share for s in found.alone] == pytest.approx([4 / 6, 1 / 6, 0])
    assert [s.share for s in found.total] == pytest.approx([5 / 6, 2 / 6, 0])
    assert {(x, y): s.share for x, y, s in found.together} == pytest.approx(
        {("a", "b"): 1 / 6, ("a", "c"): 0, ("b", "c"): 0}
    )


@pytest.mark.parametrize("unit", [2.0**1000, 2.0**-1000])
def test_importance_does_not_depend_on_the_unit(unit: float) -> None:
    """Not by a bit, though the square of such values is no number any more."""
    grid = problem(MIXED).grid
    draws = np.random.default_rng(0).standard_normal((8, grid.n_cells))

    assert anova(grid, unit * draws) == anova(grid, draws)


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_importance_of_extreme_results_is_a_number(size: float) -> None:
    """However large or small they are."""
    of = problem()
    values = [size * (of.grid.levels(cell)[1] + 1) for cell in range(12)]
    found = importance(of, observed(list(range(12)), values))

    assert found is not None
    shares = [s.share for s in found.alone + found.total]
    assert np.isfinite(shares).all()


def test_importance_comes_with_bands_that_narrow_as_data_come() -> None:
    """Only the size matters here; of a likelihood without draws nothing is known."""
    of = problem()
    sizes = [of.grid.levels(cell)[1] for cell in range(60)]
    widths = []
    for n in (6, 50):
        cells = list(range(60))[:: 60 // n][:n]
        found = importance(of, observed(cells, [float(sizes[c]) for c in cells]))
        assert found is not None
        assert all(s.low <= s.share <= s.high for s in found.alone + found.total)
        widths.append(found.alone[1].high - found.alone[1].low)

    assert found is not None
    assert found.alone[1].share > 0.9
    assert widths[1] < widths[0]
    boltzmann = problem(strategy={"likelihood": "boltzmann"})
    assert importance(boltzmann, observed([1], [1.0])) is None


# ---------------------------------------------------------------- forecast, second look
@settings(max_examples=50)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_the_forecast_is_the_first_cell_after_which_the_regret_is_small(
    seed: int, epsilon: float
) -> None:
    """Cell by cell, sample by sample."""
    rng = np.random.default_rng(seed)
    leader, ahead = rng.normal(size=20), rng.normal(size=(20, 5))
    lowest = np.minimum(leader, ahead.min(axis=1)) - rng.exponential(0.3, 20)
    slow = None
    for k in reversed(range(6)):
        regrets = [min([leader[s], *ahead[s, :k]]) - lowest[s] for s in range(20)]
        slow = k if np.mean(np.array(regrets) <= epsilon) >= 0.8 else slow

    assert trials_to_finish(leader, ahead, lowest, epsilon=epsilon, probability=0.8) == slow


def test_the_forecast_is_never_below_what_the_rule_asks_for() -> None:
    """It takes twelve cells before stopping is advised."""
    of = problem(stopping={"regret": 1e6})
    posterior = update(of, some_results(of, 5))

    assert posterior.trials_to_finish == 7
    assert update(of, Observations.none()).trials_to_finish is None


def test_the_gain_of_a_measurement_is_that_of_many_simulated_ones() -> None:
    """Draw outcomes, update the means by the textbook formula, take the lowest."""
    mean = np.array([0.0, 0.1, 0.3])
    covariance = np.array([[0.5, 0.1, 0.0], [0.1, 0.4, 0.05], [0.0, 0.05, 0.6]])
    rng = np.random.default_rng(1)
    for place in range(3):
        variance = covariance[place, place] + 0.2
        y = rng.normal(mean[place], np.sqrt(variance), 200_000)
        moved = mean[:, None] + covariance[:, place][:, None] / variance * (y - mean[place])
        simulated = mean.min() - moved.min(axis=0).mean()

        assert gain_of_measuring(place, mean, covariance, 0.2) == pytest.approx(simulated, abs=3e-3)


def test_a_lucky_leader_is_worth_a_second_look_and_a_sure_one_is_not() -> None:
    """With high noise and a grid nearly tested; without noise a repeat teaches nothing."""
    cells = list(range(60))
    values = [1.0 + 0.3 * ((7 * c) % 11) / 11 for c in cells]
    noisy = update(problem(noise="high"), observed(cells, values))
    exact = update(problem(noise="none"), observed(cells[:20], values[:20]))

    assert noisy.repeat is not None
    assert noisy.repeat.is_advised
    assert noisy.leader is not None
    assert noisy.repeat.cell == noisy.leader.cell
    assert exact.repeat is None


def test_the_leader_is_corrected_for_its_luck() -> None:
    """The lowest of many noisy results is believed to be worse than it came out."""
    of = problem(MIXED, noise="high", goal="minimize")
    rng = np.random.default_rng(3)
    values = rng.standard_normal(60)
    posterior = update(of, observed(list(range(60)), values.tolist()))

    assert posterior.leader is not None
    assert posterior.leader.mean is not None
    assert posterior.leader_interval is not None
    assert posterior.leader.mean > values.min()
    assert posterior.leader_interval[0] < posterior.leader.mean < posterior.leader_interval[1]


def test_maximising_turns_intervals_round() -> None:
    """The same numbers with the other sign."""
    down = problem()
    up = problem(metrics=[{"name": "y", "goal": "maximize"}])
    results = some_results(down, 10)
    negative = Observations(results.cells, -results.values, results.infeasible)
    one, other = update(down, results).leader_interval, update(up, negative).leader_interval

    assert one is not None
    assert other is not None
    assert other == pytest.approx((-one[1], -one[0]))
