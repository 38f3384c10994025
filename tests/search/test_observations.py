"""Repeats of a cell are merged, and the order of results is forgotten."""

import numpy as np
import pytest

from beliefgrid.search import Observations, SearchError
from beliefgrid.search.observations import merge, open_cells
from tests.search.problems import observed, problem


def test_repeats_become_their_mean() -> None:
    """Two repeats halve the learned noise."""
    found = merge(problem(), observed([5, 2, 5], [1.0, 7.0, 2.0]))

    assert found.cells.tolist() == [2, 5]
    assert found.values.tolist() == [7.0, 1.5]
    assert found.counts.tolist() == [1, 2]
    assert found.shared.tolist() == [1.0, 0.5]
    assert found.given.tolist() == [0.0, 0.0]
    assert found.n_observations == 3


def test_stated_deviations_weigh_the_repeats() -> None:
    """An exact result outweighs a vague one by the ratio of variances."""
    found = merge(problem(), observed([5, 5], [1.0, 2.0], stddevs=[1.0, 2.0]))

    assert found.values[0] == pytest.approx((1.0 + 2.0 / 4) / 1.25)
    assert found.given[0] == pytest.approx(1 / 1.25)
    assert found.shared[0] == 0


def test_some_stated_deviations_are_added_to_the_learned_noise() -> None:
    """The mean of one of each has a quarter of either variance."""
    found = merge(problem(), observed([5, 5], [1.0, 2.0], stddevs=[np.nan, 2.0]))

    assert (found.values[0], found.shared[0], found.given[0]) == (1.5, 0.25, 1.0)


def test_a_goal_to_maximize_is_turned_round() -> None:
    """Inside the engine low is always good."""
    upwards = problem(metrics=[{"name": "a", "goal": "maximize"}])

    assert merge(upwards, observed([1], [3.0])).values.tolist() == [-3.0]


def test_a_cell_that_worked_once_is_not_infeasible() -> None:
    """Its value counts; the cells that cannot work are listed once."""
    found = merge(problem(), observed([1], [3.0], infeasible=[1, 9, 9]))

    assert found.infeasible.tolist() == [9]
    assert found.known.tolist() == [1, 9]


def test_open_cells_are_neither_known_nor_pending() -> None:
    """They are what may be suggested."""
    of = problem()
    is_open = open_cells(of, merge(of, observed([1], [3.0], infeasible=[9])), [4])

    assert np.flatnonzero(~is_open).tolist() == [1, 4, 9]


@pytest.mark.parametrize(
    ("observations", "code"),
    [
        (observed([60], [1.0]), "cell_unknown"),
        (observed([], [], infeasible=[-1]), "cell_unknown"),
        (observed([1], [np.inf]), "value_not_finite"),
        (observed([1], [1.0], stddevs=[-1.0]), "stddev_invalid"),
        (observed([1], [1.0], stddevs=[np.inf]), "stddev_invalid"),
    ],
)
def test_bad_observations_are_refused(observations: Observations, code: str) -> None:
    """Each kind has its own code."""
    with pytest.raises(SearchError) as refused:
        merge(problem(), observations)

    assert refused.value.code == code


def test_there_may_be_none() -> None:
    """A study begins without results."""
    assert merge(problem(), Observations.none()).n_observations == 0
