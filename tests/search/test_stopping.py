"""When it is known enough, and what that is judged by."""

import numpy as np
import pytest

from beliefgrid.search import Observations, update
from beliefgrid.search.mass import DenseMass
from beliefgrid.search.observations import merge
from beliefgrid.search.progress import cells_in, entropy_bits, most_probable
from beliefgrid.search.stopping import fewest_results, regret_that_matters
from tests.search.problems import AUTOENCODER, observed, problem, some_results


def test_stopping_is_advised_when_regret_is_surely_small() -> None:
    """Everything but one corner of a smooth bowl is known: the leader is good enough."""
    of = problem(AUTOENCODER, stopping={"regret": 0.5, "probability": 0.9}, noise="none")
    values = [3.0, 2.0, 2.5, 1.0, 0.0, 0.6, 2.0, 1.5]

    posterior = update(of, observed(list(range(8)), values))

    assert posterior.should_stop
    assert posterior.probability_within is not None
    assert posterior.probability_within >= 0.9
    assert posterior.reasons[0].startswith("P(regret <= 0.5) is")


def test_it_takes_some_results_to_judge() -> None:
    """However sure the model is, and the reason says how many are missing."""
    of = problem(stopping={"regret": 1e6})
    posterior = update(of, some_results(of, 5))

    assert posterior.probability_within == 1
    assert not posterior.should_stop
    assert posterior.reasons[1] == "5 cells are tested, fewer than the 12 it takes to judge"


def test_the_regret_that_matters_is_a_share_of_the_spread() -> None:
    """Five per cent from median to best, unless the study says."""
    of = problem()
    results = merge(of, observed([1, 2, 3], [1.0, 3.0, 9.0]))

    assert regret_that_matters(of, results) == pytest.approx(0.05 * 2)
    assert regret_that_matters(of, merge(of, Observations.none())) is None
    assert regret_that_matters(problem(stopping={"regret": 0.2}), results) == 0.2


def test_more_axes_take_more_results() -> None:
    """At least twelve, four and two per axis, and never more than the grid has."""
    assert fewest_results(problem(AUTOENCODER)) == 8
    assert fewest_results(problem()) == 12
    many = [{"name": f"p{i}", "values": [1, 2, 3]} for i in range(7)]
    assert fewest_results(problem(many)) == 18


def test_entropy_counts_bits() -> None:
    """Eight equal cells are three bits, a sure one none."""
    assert entropy_bits(np.full(8, 1 / 8)) == pytest.approx(3)
    assert entropy_bits(np.array([1.0, 0.0])) == 0


@pytest.mark.parametrize(
    ("p", "n"), [([1.0, 0.0], 1), ([0.5, 0.3, 0.16, 0.04], 3), ([0.25] * 4, 4)]
)
def test_cells_that_hold_most_of_the_belief(p: list[float], n: int) -> None:
    """The smallest set with 95 %."""
    assert cells_in(np.array(p)) == n


def test_the_most_probable_come_first() -> None:
    """Equal ones by number."""
    p = np.array([0.1, 0.3, 0.1, 0.4, 0.1])

    assert most_probable(p, 3).tolist() == [3, 1, 0]
    assert most_probable(p, 9).tolist() == [3, 1, 0, 2, 4]


def test_marginals_sum_the_other_axes() -> None:
    """In the order of the levels as the user gave them."""
    mass = DenseMass(problem(AUTOENCODER).grid, np.arange(9.0) / 36)
    marginals = [mass.along([axis]).tolist() for axis in (0, 1)]

    np.testing.assert_allclose(marginals[0], np.array([3, 12, 21]) / 36)
    np.testing.assert_allclose(marginals[1], np.array([9, 12, 15]) / 36)
