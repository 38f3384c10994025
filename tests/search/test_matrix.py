"""A field over all axes becomes a picture of one or two, in display order."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import Grid, SearchError, reduce_matrix
from tests.search.problems import MIXED

GRID = Grid.from_definition(MIXED)
FIELD = np.arange(60.0)


def _value(cell_of: dict[str, Any]) -> float:
    cell = GRID.cell(cell_of)
    assert cell is not None
    return float(FIELD[cell])


@pytest.mark.parametrize(("reduce", "way"), [("sum", sum), ("max", max), ("mean", np.mean)])
@pytest.mark.parametrize(("x", "y", "other"), [("rate", "size", "kind"), ("kind", "rate", "size")])
def test_each_entry_reduces_the_other_axis(
    reduce: str, way: Any, x: str, y: str, other: str
) -> None:
    """z[j, i] belongs to the j-th y and the i-th x."""
    found = reduce_matrix(GRID, FIELD, x=x, y=y, reduce=reduce)
    others = GRID.parameters[GRID.axis(other)].values

    for j, y_value in enumerate(found.y_values):
        for i, x_value in enumerate(found.x_values):
            expected = way([_value({x: x_value, y: y_value, other: v}) for v in others])
            assert found.z[j, i] == pytest.approx(expected)


def test_axes_ascend() -> None:
    """The picture is in display order, whatever the order of the levels."""
    assert reduce_matrix(GRID, FIELD, x="rate").x_values == (0.001, 0.01, 0.1, 1.0)


def test_one_axis_is_one_row() -> None:
    """Without y it is the marginal of x."""
    found = reduce_matrix(GRID, FIELD, x="kind")

    assert found.z.tolist() == [[float(FIELD[k::3].sum()) for k in range(3)]]
    assert found.y_values == ()


def test_a_slice_is_at_the_levels_named() -> None:
    """An axis that is not named is at its first level."""
    found = reduce_matrix(GRID, FIELD, x="rate", reduce="slice", at={"kind": "gelu"})

    assert found.z[0, 0] == _value({"rate": 0.001, "size": 1, "kind": "gelu"})


def test_cells_without_a_number_are_left_out() -> None:
    """Where nothing is left there is no number either."""
    field = FIELD.copy()
    field[[0, 3, 4, 5]] = np.nan

    highest = reduce_matrix(GRID, field, x="size", y="rate", reduce="max")
    total = reduce_matrix(GRID, field, x="size", y="rate", reduce="sum")

    assert highest.z[2, 0] == 2
    assert total.z[2, 0] == 3
    assert np.isnan(highest.z[2, 1])
    assert np.isnan(total.z[2, 1])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"x": "depth"}, "axis_unknown"),
        ({"x": "rate", "y": "rate"}, "axis_unknown"),
        ({"x": "rate", "reduce": "slice", "at": {"depth": 1}}, "axis_unknown"),
        ({"x": "rate", "reduce": "slice", "at": {"size": 9}}, "level_unknown"),
        ({"x": "rate", "reduce": "median"}, "reduce_unknown"),
    ],
)
def test_bad_pictures_are_refused(arguments: dict[str, Any], code: str) -> None:
    """Each kind has its own code."""
    with pytest.raises(SearchError) as refused:
        reduce_matrix(GRID, FIELD, **arguments)

    assert refused.value.code == code


def test_a_field_of_another_grid_is_refused() -> None:
    """It has another number of cells."""
    with pytest.raises(SearchError, match="60 cells"):
        reduce_matrix(GRID, FIELD[:10], x="rate")
