"""A grid numbers its combinations; the last parameter runs fastest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.search import Grid, SearchError
from tests.search.problems import MIXED

GRID = Grid.from_definition(MIXED)


def test_cells_are_numbered_in_c_order() -> None:
    """Cell 1 differs from cell 0 in the last parameter only."""
    assert GRID.shape == (4, 5, 3)
    assert GRID.n_cells == 60
    assert GRID.assignments(0) == {"rate": 0.1, "size": 1, "kind": "tanh"}
    assert GRID.assignments(1) == {"rate": 0.1, "size": 1, "kind": "relu"}
    assert GRID.levels(59) == (3, 4, 2)


@given(st.integers(0, GRID.n_cells - 1))
def test_assignments_name_their_cell(cell: int) -> None:
    """From cell to values and back is the same cell."""
    assert GRID.cell(GRID.assignments(cell)) == cell


def test_a_definition_survives_the_way_out_and_back() -> None:
    """What is stored is read as the same grid."""
    assert Grid.from_definition(GRID.to_definition()) == GRID


def test_the_screen_shows_ordered_levels_ascending() -> None:
    """Ordered axes ascend, categories stay as they were given."""
    assert GRID.display_order(0).tolist() == [1, 2, 0, 3]
    assert GRID.display_order(2).tolist() == [0, 1, 2]


@pytest.mark.parametrize("rate", [0.2, "0.1", None, [0.1], True])
def test_a_value_that_is_no_level_is_off_the_grid(rate: Any) -> None:
    """Such a combination has no cell."""
    assert GRID.cell({"rate": rate, "size": 1, "kind": "tanh"}) is None


def test_a_whole_number_may_come_as_a_float() -> None:
    """JSON does not always keep them apart."""
    assert GRID.cell({"rate": 1, "size": 2.0, "kind": "tanh"}) == GRID.cell(
        {"rate": 1.0, "size": 2, "kind": "tanh"}
    )


@pytest.mark.parametrize(
    ("assignments", "code"),
    [
        ({"rate": 0.1, "size": 1}, "assignment_missing"),
        ({"rate": 0.1, "size": 1, "kind": "tanh", "depth": 2}, "assignment_unknown"),
    ],
)
def test_a_combination_names_exactly_the_parameters(assignments: dict[str, Any], code: str) -> None:
    """Missing and unknown names are refused, and the sentence lists the right ones."""
    with pytest.raises(SearchError, match="rate, size, kind") as refused:
        GRID.cell(assignments)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ([], "parameters_missing"),
        ([MIXED[0], MIXED[0]], "parameter_name_duplicate"),
        ([{"name": f"p{i}", "values": [1]} for i in range(65)], "parameters_too_many"),
    ],
)
def test_bad_grids_are_refused(parameters: list[dict[str, Any]], code: str) -> None:
    """A grid needs one parameter of each name, and not more than an array has axes."""
    with pytest.raises(SearchError) as refused:
        Grid.from_definition(parameters)

    assert refused.value.code == code


@pytest.mark.parametrize("cell", [-1, 60])
def test_a_number_outside_is_no_cell(cell: int) -> None:
    """It is refused with the numbers that there are."""
    with pytest.raises(SearchError, match="0 to 59"):
        GRID.levels(cell)


def test_a_grid_may_be_larger_than_any_array() -> None:
    """Numbers of cells are exact beyond 64 bits."""
    big = Grid.from_definition([{"name": f"p{i}", "values": list(range(10))} for i in range(30)])

    assert big.n_cells == 10**30
    assert big.cell(big.assignments(123456789012345678901234567890)) == (
        123456789012345678901234567890
    )
