"""Levels as text: what is typed is what was meant, and borders know what comes next."""

from typing import Any

import pytest

from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.levels import extended, level_beyond, read_levels, typed_levels


def axis(*values: Any, scale: str | None = "linear") -> dict[str, Any]:
    """Return a parameter."""
    kind = "ordered" if scale else "categorical"
    return {"name": "x", "kind": kind, "values": list(values), "scale": scale}


@pytest.mark.parametrize(
    "parameter",
    [
        axis(8, 16, 32),
        axis(0.1, 1e-07, 3, scale="log"),
        axis(90.0, 105.0, -120.0),
        axis("relu", "8", "a, b", 'say "x"', scale=None),
        axis(*(True, False), scale=None),
    ],
)
def test_levels_are_read_back_as_they_were(parameter: dict[str, Any]) -> None:
    """With their types: an int stays an int, a text of digits a text."""
    found = read_levels(typed_levels(parameter), parameter)

    assert found == parameter["values"]
    assert list(map(type, found)) == list(map(type, parameter["values"]))


def test_whole_levels_are_typed_without_a_point() -> None:
    """Nobody types 90.0."""
    assert typed_levels(axis(90.0, 105.5, 1e20)) == "90, 105.5, 1e+20"


def test_new_levels_are_read() -> None:
    """Numbers where there are numbers, texts elsewhere."""
    assert read_levels("8, 12,\n16.5", axis(8, 16)) == [8, 12, 16.5]
    assert read_levels("relu, 12", axis("relu", "tanh", scale=None)) == ["relu", "12"]
    for wrong in ("8, many", "8, nan", "8, inf"):
        with pytest.raises(FormError, match="The levels of x are numbers"):
            read_levels(wrong, axis(8, 16))


@pytest.mark.parametrize(
    ("parameter", "end", "beyond"),
    [
        (axis(8, 16, 32), 32, 48),
        (axis(8, 16, 32), 8, 4),
        (axis(8, 16, 32, scale="log"), 32, 64),
        (axis(0.1, 0.001, 0.01, scale="log"), 0.001, 0.0001),
        (axis(0.0, 0.1, 0.2), 0.2, 0.3),
        (axis(0.0, 0.1, 0.2), 0.0, -0.1),
        (axis(1, 2), 1, None),
        (axis(1, 2), 1.5, None),
        (axis("s", "m", "l", scale="rank"), "l", None),
        (axis(1, scale="log"), 1, None),
        (axis(1.0, 1e300, scale="log"), 1e300, None),
    ],
)
def test_the_level_beyond_a_border(parameter: dict[str, Any], end: Any, beyond: Any) -> None:
    """It goes on as the last step did, and does not fall below zero from above."""
    assert level_beyond(parameter, end) == beyond


def test_a_level_is_added_where_it_belongs() -> None:
    """Also in a list that falls."""
    assert extended(axis(8, 16), 32) == [8, 16, 32]
    assert extended(axis(8, 16), 4) == [4, 8, 16]
    assert extended(axis(16, 8), 32) == [32, 16, 8]
    assert extended(axis(16, 8), 4) == [16, 8, 4]
