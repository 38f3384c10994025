"""The seed's worked example, and the two likelihoods that state it.

Source: Aguirre, "Bayesian Search for Hyperparameters", the example of an autoencoder: learning
rate {0.001, 0.01, 0.1} x latent dimension {8, 16, 32}; (0.01, 8) has the MSE 0.15 and
(0.1, 16) has 0.20. The paper rounds 0.5714 and 0.4286 to 0.6 and 0.4.
"""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import Problem, layers, update
from beliefgrid.search.reference import boltzmann, inverse_loss
from tests.search.problems import AUTOENCODER, observed, problem, some_results

FIRST, SECOND = 3, 7  # (0.01, 8) and (0.1, 16)
EXAMPLE = observed([FIRST, SECOND], [0.15, 0.20])
SIMILARITY = {"learning_rate": 0.05, "latent_dim": 0.8}


def _seed_problem(likelihood: str = "inverse_loss", **more: Any) -> Problem:
    strategy = {"likelihood": likelihood, "similarity": SIMILARITY} | more
    return problem(AUTOENCODER, strategy=strategy)


def test_the_prior_of_the_example_is_one_ninth() -> None:
    """P(rate, size) = 1/9 for all combinations."""
    prior = layers(_seed_problem(), EXAMPLE, names=["prior"])["prior"]

    np.testing.assert_allclose(prior, 1 / 9, rtol=1e-12)


def test_the_posterior_of_the_example() -> None:
    """0.5714 and 0.4286 among the tested, to four digits."""
    posterior = update(_seed_problem(), EXAMPLE)

    shares = {belief.cell: belief.p_best for belief in posterior.among_tested}
    assert round(shares[FIRST], 4) == 0.5714
    assert round(shares[SECOND], 4) == 0.4286
    assert sum(shares.values()) == pytest.approx(1)


def test_the_next_combination_of_the_example() -> None:
    """(0.01, 32), under a similarity of 0.05 along the rate and 0.8 along the size."""
    of = _seed_problem()

    following = update(of, EXAMPLE).queue[0]

    assert of.grid.assignments(following.cell) == {"learning_rate": 0.01, "latent_dim": 32}
    assert following.explanation["rule"] == "inverse_loss"


def test_over_the_grid_untested_cells_share_the_belief() -> None:
    """Among the tested and over the grid differ: similar cells are promising, and all sum to 1."""
    posterior = update(_seed_problem(), EXAMPLE)

    assert posterior.p_best.sum() == pytest.approx(1)
    assert posterior.p_best[FIRST] < 0.2
    assert posterior.p_best[FIRST] / posterior.p_best[SECOND] == pytest.approx(0.20 / 0.15)


@pytest.mark.parametrize(("factor", "shift"), [(1, 0), (100, 0), (1, 10), (1, -0.16)])
def test_boltzmann_does_not_mind_units_or_offsets(factor: float, shift: float) -> None:
    """0.794 and 0.206 for the example, whatever is added or multiplied."""
    values = (factor * np.array([0.15, 0.20]) + shift).tolist()
    posterior = update(_seed_problem("boltzmann"), observed([FIRST, SECOND], values))

    shares = {belief.cell: belief.p_best for belief in posterior.among_tested}
    assert round(shares[FIRST], 3) == 0.794
    assert round(shares[SECOND], 3) == 0.206


def test_one_over_loss_is_boltzmann_of_the_logarithm() -> None:
    """With the temperature one."""
    losses = np.array([0.1, 0.3, 2.0])

    ratio = inverse_loss(losses) / np.exp(-(np.log(losses) - np.log(losses).min()))

    np.testing.assert_allclose(ratio, 1)


@pytest.mark.parametrize(
    "values", [[1.0], [2.0, 2.0], [1.0, 1.0, 1.0, 5.0], [1e300, -1e300, 0.0], [5e-324, 1e-323]]
)
def test_boltzmann_takes_any_finite_values(values: list[float]) -> None:
    """Constant, almost constant, huge and tiny: finite, and the best is 1."""
    likelihood = boltzmann(np.array(values))

    assert np.isfinite(likelihood).all()
    assert likelihood.max() == 1
    assert likelihood[np.argmin(values)] == 1


@pytest.mark.parametrize("likelihood", ["inverse_loss", "boltzmann"])
def test_an_infeasible_cell_is_never_the_best(likelihood: str) -> None:
    """And it is not suggested, like pending and tested ones."""
    of = problem(strategy={"likelihood": likelihood})
    results = some_results(of, 6, infeasible=3)

    posterior = update(of, results, pending=[50, 51])

    assert (posterior.p_best[results.infeasible] == 0).all()
    taken = {*results.cells.tolist(), *results.infeasible.tolist(), 50, 51}
    assert not taken & {candidate.cell for candidate in posterior.queue}


def test_only_failures_leave_the_prior() -> None:
    """Without a value this rule has learned nothing."""
    of = problem(strategy={"likelihood": "boltzmann"})
    found = update(of, observed([], [], infeasible=[1, 2]))

    assert found.leader is None
    assert found.infeasible == 2


def test_layers_of_the_rule_agree_with_its_update() -> None:
    """p_best bit for bit; mean of a tested cell is its value; what it does not know is said."""
    of = problem(strategy={"likelihood": "boltzmann"})
    results = some_results(of, 6, infeasible=1)

    posterior = update(of, results, event=4, pending=[8])
    found = layers(of, results, event=4, pending=[8])

    np.testing.assert_array_equal(found["p_best"], posterior.p_best)
    np.testing.assert_allclose(found["mean"][results.cells], results.values)
    assert np.isnan(found["acquisition"][8])
    assert int(np.nanargmax(found["acquisition"])) == posterior.queue[0].cell
    assert posterior.expected_regret is None
    assert posterior.expected_gain_10 is None
    assert posterior.reasons == ("this likelihood has no regret to judge by",)
