"""Priors as people give them become weights over the grid."""

import json

import numpy as np
import pytest

from beliefgrid import search
from beliefgrid.dashboard import priors
from beliefgrid.dashboard.forms import FormError

GRID = search.Grid.from_definition(
    [
        {"name": "rate", "kind": "ordered", "values": [0.1, 0.001], "scale": "log"},
        {"name": "act", "kind": "categorical", "values": ["relu", "tanh", "elu"]},
    ]
)
PARAMETERS = GRID.to_definition()


def test_weights_of_fields_are_read_by_level() -> None:
    """A field that was left empty weighs nothing; one that is not there weighs 1."""
    found = priors.by_axes({"w.0.0": "3", "w.0.1": "", "w.1.1": "2.5"}, PARAMETERS)

    assert found == {"rate": [3, 0], "act": [1, 2.5, 1]}


def test_a_long_axis_has_one_field() -> None:
    """Its weights are separated by commas, and all are needed."""
    long = [{"name": "x", "values": list(range(30))}]

    assert priors.by_axes({"w.0": "1, 2 " + "3 " * 28}, long)["x"][:3] == [1, 2, 3]
    assert priors.by_axes({}, long)["x"] == [1] * 30
    with pytest.raises(FormError, match="30 levels, and 2 weights"):
        priors.by_axes({"w.0": "1, 2"}, long)


@pytest.mark.parametrize("word", ["many", "-1", "nan", "inf"])
def test_weights_are_numbers_from_zero_on(word: str) -> None:
    """Anything else is refused by the parameter's name."""
    with pytest.raises(FormError, match="weight of rate"):
        priors.by_axes({"w.0.0": word}, PARAMETERS)


def test_a_table_may_leave_out_parameters() -> None:
    """A row then stands for all levels of what it does not name; no row, no weight."""
    assert priors.from_csv("rate,weight\n1e-3,2\n", GRID) == [0, 0, 0, 2, 2, 2]
    assert priors.from_csv("act, rate, weight\ntanh,0.1,4\n\nelu,0.001,1", GRID) == [
        0, 4, 0, 0, 0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line must name"),
        ("rate\n0.1", "first line must name"),
        ("rate,size,weight\n0.1,1,1", "first line must name"),
        ("rate,weight\n0.2,1", "Line 2: '0.2' is no level of rate"),
        ("rate,weight\n0.1", "Line 2 has 1 fields"),
        ("rate,weight\n0.1,much", "weight of line 2"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(text: str, said: str) -> None:
    """The message names the line."""
    with pytest.raises(FormError, match=said):
        priors.from_csv(text, GRID)


@pytest.mark.parametrize("axes", [("rate", "act"), ("act", "rate")])
def test_a_painting_is_in_display_order(axes: tuple[str, str]) -> None:
    """Rows are y upwards and columns x, both ascending, whatever the order in the grid."""
    x, y = axes
    rate_by_act = np.array([[1, 2, 3], [4, 5, 6]])  # 0.001 first
    painted = rate_by_act if y == "rate" else rate_by_act.T

    found = priors.from_painting(json.dumps({"x": x, "y": y, "weights": painted.tolist()}), GRID)

    assert found == [4, 5, 6, 1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"x": "no", "weights": [1]}',
        '{"x": "rate", "y": "act", "weights": [[1, 2]]}',
        '{"x": "rate", "y": "act", "weights": [[1, 2], [3, 4], [5, -1]]}',
        '{"x": "rate", "y": "rate", "weights": [[1, 2], [3, 4]]}',
    ],
)
def test_what_is_no_painting_is_refused(text: str) -> None:
    """A painting of another grid is not used."""
    with pytest.raises(ValueError, match="paint"):
        priors.from_painting(text, GRID)


def test_a_confidence_is_given_in_per_cent() -> None:
    """Nothing is the engine's own choice."""
    assert priors.confidence_of("") is None
    assert priors.confidence_of(" 80 % ") == pytest.approx(0.8)
    with pytest.raises(FormError, match="0 to 100"):
        priors.confidence_of("101")


def test_a_large_grid_takes_no_table() -> None:
    """Weights per parameter say it in less."""
    axis = {"kind": "ordered", "values": list(range(200)), "scale": "linear"}
    large = search.Grid.from_definition([axis | {"name": "x"}, axis | {"name": "y"}])

    with pytest.raises(FormError, match="at most 20,000 cells"):
        priors.from_csv("x,weight\n1,1", large)
