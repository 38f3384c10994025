"""The first cells of a study: spread over every axis, half of them from a user's prior."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search.start import latin_design, n_start, start_cells
from beliefgrid.search.streams import stream
from tests.search.problems import AUTOENCODER, problem


def test_a_design_uses_each_part_of_each_axis_once() -> None:
    """Eight cells on axes of eight levels: every level once."""
    of = problem([{"name": n, "values": list(range(8)), "scale": "linear"} for n in "abc"])

    cells = latin_design(of, 8, stream(0, 0, "design"))

    levels = np.array([of.grid.levels(cell) for cell in cells])
    assert all(sorted(column.tolist()) == list(range(8)) for column in levels.T)


def test_a_design_is_the_same_for_a_seed_and_another_for_another() -> None:
    """It does not depend on anything else."""
    of = problem([{"name": n, "values": list(range(30)), "scale": "linear"} for n in "abc"])

    assert latin_design(of, 6, stream(1, 0, "d")) == latin_design(of, 6, stream(1, 0, "d"))
    assert latin_design(of, 6, stream(1, 0, "d")) != latin_design(of, 6, stream(2, 0, "d"))


def test_a_tiny_grid_has_a_short_start() -> None:
    """No cell comes twice."""
    cells, _ = start_cells(problem([{"name": "a", "values": [1, 2]}]))

    assert len(cells) == len(set(cells)) <= 2


@pytest.mark.parametrize(("likelihood", "n"), [("gp", 4), ("inverse_loss", 2)])
def test_the_reference_rules_start_with_two(likelihood: str, n: int) -> None:
    """As the seed's example does; half come from a prior that the user gave."""
    prior = {"axes": {"learning_rate": [1, 5, 1]}}
    of = problem(AUTOENCODER, strategy={"likelihood": likelihood}, prior=prior)

    cells, n_drawn = start_cells(of)

    assert len(set(cells)) == n
    assert n_drawn == n // 2


def test_the_first_cell_is_the_middle_of_what_is_ordered() -> None:
    """Of an even number of levels it is one of the two in the middle, by the seed."""
    axes: list[dict[str, Any]] = [
        {"name": "rate", "values": [1, 10, 100], "scale": "log"},
        {"name": "size", "values": [8, 2, 6, 4], "scale": "linear"},
        {"name": "kind", "kind": "categorical", "values": ["a", "b"]},
    ]
    firsts = [problem(axes, seed=seed) for seed in range(20)]

    found = {tuple(of.grid.levels(start_cells(of)[0][0])) for of in firsts}

    assert {levels[0] for levels in found} == {1}
    assert {levels[1] for levels in found} == {2, 3}  # the values 6 and 4
    assert {levels[2] for levels in found} == {0, 1}


def test_the_second_cell_has_other_categories_than_the_middle() -> None:
    """Nothing is learned of a category that both cells share."""
    axes: list[dict[str, Any]] = [
        {"name": "rate", "values": [1, 10, 100], "scale": "log"},
        {"name": "kind", "kind": "categorical", "values": list("abcde")},
        {"name": "flag", "kind": "categorical", "values": [False, True]},
    ]
    seconds = set()
    for seed in range(40):
        of = problem(axes, seed=seed)
        first, second = (of.grid.levels(cell) for cell in start_cells(of)[0])
        assert first[1] != second[1]
        assert first[2] != second[2]
        seconds.add(second[1])

    assert seconds == set(range(5))


def test_categories_have_no_middle() -> None:
    """A grid of categories starts with a Latin design."""
    axes: list[dict[str, Any]] = [
        {"name": n, "kind": "categorical", "values": list("abcd")} for n in "xy"
    ]

    cells, _ = start_cells(problem(axes))

    assert len(cells) == 2
    assert len({cell // 4 for cell in cells}) == len({cell % 4 for cell in cells}) == 2


@pytest.mark.parametrize(("kinds", "n"), [("oo", 1), ("oc", 2), ("cc", 2)])
def test_where_all_axes_are_ordered_the_middle_is_enough(kinds: str, n: int) -> None:
    """With a categorical axis one more cell is tested before results decide."""
    kind = {"o": {"scale": "linear"}, "c": {"kind": "categorical"}}
    axes: list[dict[str, Any]] = [
        {"name": str(axis), "values": [1, 2, 3]} | kind[of] for axis, of in enumerate(kinds)
    ]

    assert n_start(problem(axes)) == n
    assert 1 <= len(start_cells(problem(axes))[0]) <= n
