"""What is tested before any value is known, when several workers ask at once."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import Observations, Problem, update
from beliefgrid.search.opening import opening
from tests.search.problems import MIXED, problem

NONE = np.zeros(0, np.int64)


def ordered(n_axes: int, levels: int = 5, **more: Any) -> Problem:
    """Return a problem with ordered axes only."""
    axis = {"values": list(range(levels)), "scale": "linear"}
    return problem([axis | {"name": f"axis {k}"} for k in range(n_axes)], **more)


def off_middle(of: Problem, cells: list[int]) -> float:
    """Return how far cells are from the middle, 0 to 1 an axis, on average."""
    levels = np.array([of.grid.levels(cell) for cell in cells])
    return float(np.abs(2 * levels / (np.array(of.grid.shape) - 1) - 1).mean())


def first_cells(of: Problem, n: int) -> list[int]:
    """Return what n workers get who ask before the first result."""
    return [candidate.cell for candidate in update(of, Observations.none(), n_queue=n).queue]


@pytest.mark.parametrize("n_axes", [2, 4])
def test_where_all_axes_are_ordered_the_first_cells_surround_the_middle(n_axes: int) -> None:
    """Nearer to it than an even walk comes, and all different."""
    of = ordered(n_axes)

    cells = first_cells(of, 8)

    assert len(set(cells)) == 8
    assert off_middle(of, cells[:1]) == 0
    assert off_middle(of, cells) < 0.8 * off_middle(of, list(range(of.grid.n_cells)))


def test_they_are_on_every_side_of_the_middle() -> None:
    """No axis is left at one level, and both its halves are tried."""
    of = ordered(3)

    levels = np.array([of.grid.levels(cell) for cell in first_cells(of, 8)])

    assert (levels < 2).any(axis=0).all()
    assert (levels > 2).any(axis=0).all()


def test_who_asks_later_goes_on_where_the_list_was() -> None:
    """Four and four more with these under way are the same as eight."""
    of = ordered(3)
    middle = np.array(first_cells(of, 1))

    four = opening(of, middle, 4).cells
    more = opening(of, np.concatenate([middle, four]), 4).cells

    assert [*four, *more] == opening(of, middle, 8).cells.tolist()


def test_with_a_categorical_axis_an_even_walk_goes_on() -> None:
    """Nothing was gained there from a preference for the middle."""
    of = problem(MIXED)

    assert opening(of, np.array([3]), 5).rule == "walk"
    assert opening(ordered(2), np.array([12]), 5).rule == "start"


def test_the_seeds_rule_and_a_users_prior_know_of_no_middle() -> None:
    """The paper's rule walks, and so does a search whose prior the user gave."""
    paper = ordered(2, strategy={"likelihood": "inverse_loss"})
    with_prior = ordered(2, prior={"axes": {"axis 0": [1, 2, 3, 4, 5]}})

    assert [opening(of, np.array([12]), 3).rule for of in (paper, with_prior)] == ["walk"] * 2


def test_rules_hold_for_the_first_cells_too() -> None:
    """An excluded cell is never in the list; each other one is there once."""
    of = ordered(2, constraints={"require": ["`axis 0` <= `axis 1`"]})

    cells = first_cells(of, 25)

    assert sorted(cells) == [cell for cell in range(25) if cell // 5 <= cell % 5]


def test_nothing_is_left_when_all_is_under_way() -> None:
    """An empty list, not an error."""
    assert not len(opening(ordered(2), np.arange(25), 3).cells)


def test_a_grid_that_is_not_written_out_begins_in_the_middle_too() -> None:
    """Ten axes with ten levels: the first cells are no corners, and all different."""
    of = ordered(10, levels=10)

    cells = first_cells(of, 8)

    assert len(set(cells)) == 8
    assert off_middle(of, cells) < 0.5


def test_the_list_is_the_same_for_a_seed() -> None:
    """And another for another, on a grid with more cells than are looked at."""
    one, same, other = (ordered(5, seed=seed) for seed in (1, 1, 2))

    assert first_cells(one, 6) == first_cells(same, 6) != first_cells(other, 6)
