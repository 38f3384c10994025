"""A parameter is an axis: levels as the user gave them, coordinates as the model needs them."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import Grid, Parameter, SearchError


def _parameter(**definition: Any) -> Parameter:
    return Parameter.from_definition({"name": "a", "kind": "ordered"} | definition)


@pytest.mark.parametrize(
    ("definition", "coordinates"),
    [
        ({"values": [0, 10, 5]}, [0, 1, 0.5]),
        ({"values": [0.001, 0.1, 0.01], "scale": "log"}, [0, 1, 0.5]),
        ({"values": [1, 100, 3], "scale": "rank"}, [0, 1, 0.5]),
        ({"values": ["small", "medium", "large"]}, [0, 0.5, 1]),
        ({"values": [3]}, [0]),
        ({"values": [-1.7e308, 1.7e308]}, [0, 1]),
        ({"values": [5e-324, 1.0], "scale": "log"}, [0, 1]),
    ],
)
def test_levels_lie_between_zero_and_one(
    definition: dict[str, Any], coordinates: list[float]
) -> None:
    """The smallest level is at 0, the largest at 1, in whatever order they were given."""
    np.testing.assert_allclose(_parameter(**definition).coordinates(), coordinates, atol=1e-12)


@pytest.mark.parametrize(
    ("definition", "values"),
    [
        ({"low": 1, "high": 5, "levels": 5}, (1, 2, 3, 4, 5)),
        ({"low": 0, "high": 1, "levels": 3}, (0.0, 0.5, 1.0)),
        ({"low": 0.1, "high": 0.3, "levels": 3}, (0.1, 0.2, 0.3)),
        ({"low": 0.001, "high": 0.1, "levels": 3, "scale": "log"}, (0.001, 0.01, 0.1)),
        ({"low": 1, "high": 100, "levels": 3, "scale": "log"}, (1, 10, 100)),
    ],
)
def test_a_range_lists_its_levels(definition: dict[str, Any], values: tuple[float, ...]) -> None:
    """Levels are evenly spaced on their scale, round, and whole where all of them are whole."""
    found = _parameter(**definition).values

    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ({"name": " "}, "parameter_name_invalid"),
        ({"name": 3}, "parameter_name_invalid"),
        ({"kind": "continuous", "values": [1]}, "parameter_kind_unknown"),
        ({}, "values_missing"),
        ({"values": []}, "values_missing"),
        ({"values": 3}, "values_missing"),
        ({"values": [1, 2, 1]}, "values_duplicate"),
        ({"values": [1, 1.0]}, "values_duplicate"),
        ({"values": [1, None]}, "value_invalid"),
        ({"values": [1, float("nan")], "scale": "linear"}, "value_invalid"),
        ({"values": [1, 10**400], "scale": "linear"}, "value_invalid"),
        ({"values": [1, 2], "scale": "square"}, "scale_invalid"),
        ({"values": ["a", "b"], "scale": "linear"}, "scale_invalid"),
        ({"values": [0, 1], "scale": "log"}, "scale_log_nonpositive"),
        ({"low": 0, "high": 1, "levels": 3, "scale": "log"}, "scale_log_nonpositive"),
        ({"low": 1, "high": 1, "levels": 3}, "range_invalid"),
        ({"low": 1, "high": 2, "levels": 1}, "range_invalid"),
        ({"low": 1, "levels": 3}, "range_invalid"),
        ({"low": 0, "high": 1, "levels": 10**13}, "grid_too_large"),
        ({"values": list(range(1001))}, "grid_too_large"),
    ],
)
def test_bad_parameters_are_refused(definition: dict[str, Any], code: str) -> None:
    """Each kind of bad parameter has its own code and a sentence."""
    with pytest.raises(SearchError, match=r"expected|needs|has no") as refused:
        _parameter(**definition)

    assert refused.value.code == code


def test_a_categorical_parameter_has_no_scale() -> None:
    """A scale in its definition is dropped when read, and refused when made by hand."""
    read = _parameter(kind="categorical", values=["a", "b"], scale="linear")

    assert read.scale is None
    with pytest.raises(SearchError, match="no scale"):
        Parameter("a", "categorical", ("a", "b"), "log")


def test_truth_values_are_not_numbers() -> None:
    """True and 1 are two categories."""
    grid = Grid.from_definition([{"name": "a", "kind": "categorical", "values": [True, 1]}])

    assert grid.cell({"a": True}) == 0
    assert grid.cell({"a": 1}) == 1
    assert grid.cell({"a": 1.0}) == 1


def test_a_parameter_needs_values_made_by_hand_too() -> None:
    """The checks do not depend on the way in."""
    with pytest.raises(SearchError, match="at least one value"):
        Parameter("a", "ordered", (), "linear")
