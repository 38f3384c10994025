"""Walks visit every cell once, without memory of the grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.search import Grid, Prior, Problem, Strategy, next_untested
from beliefgrid.search.walk import walk
from tests.search.problems import problem


def _line(n_levels: int, strategy: str, seed: int = 0) -> Problem:
    values = list(range(n_levels))
    return problem([{"name": "a", "values": values}], strategy={"name": strategy}, seed=seed)


@given(st.integers(1, 300), st.sampled_from(["bayes", "grid", "random"]), st.integers(0, 5))
def test_every_cell_comes_once(n_cells: int, strategy: str, seed: int) -> None:
    """A walk is a permutation."""
    assert sorted(walk(_line(n_cells, strategy, seed))) == list(range(n_cells))


def test_grid_search_goes_in_order_and_random_search_does_not() -> None:
    """The seed's two baselines."""
    assert list(walk(_line(50, "grid"))) == list(range(50))
    assert list(walk(_line(50, "random", 1))) != list(walk(_line(50, "random", 2)))


def test_the_even_walk_fills_every_axis_soon() -> None:
    """After thirty of 1,000 cells each level of each axis was visited."""
    of = problem([{"name": name, "values": list(range(10))} for name in "abc"])
    cells, _ = next_untested(of, 30, taken=lambda _: False, cursor=0)

    levels = np.array([of.grid.levels(cell) for cell in cells])
    assert all(len(set(levels[:, axis].tolist())) == 10 for axis in range(3))


def test_taken_cells_are_passed_over_and_found_again_when_free() -> None:
    """The walk goes round."""
    of = _line(7, "grid")

    cells, cursor = next_untested(of, 3, taken=lambda cell: cell in (0, 2), cursor=0)
    assert (cells, cursor) == ([1, 3, 4], 5)
    cells, _ = next_untested(of, 3, taken=lambda cell: cell in (1, 3, 4), cursor=cursor)
    assert cells == [5, 6, 0]


def test_nothing_is_left_of_a_full_grid() -> None:
    """The answer is empty, not a loop."""
    assert next_untested(_line(5, "bayes"), 1, taken=lambda _: True, cursor=2) == ([], 2)


@pytest.mark.parametrize("strategy", ["bayes", "grid", "random"])
def test_a_huge_grid_costs_nothing(strategy: str) -> None:
    """10^30 cells are walked without being held."""
    grid = Grid.from_definition([{"name": f"p{i}", "values": list(range(10))} for i in range(30)])
    nothing = Prior(np.zeros(0), is_uniform=True)
    of = Problem(grid, nothing, strategy=Strategy(name=strategy))

    cells, _ = next_untested(of, 5, taken=lambda _: False, cursor=0)

    assert len(set(cells)) == 5
