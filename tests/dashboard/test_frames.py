"""Frames are p_best as bytes, cell for cell what the posterior resource says."""

from typing import Any

import numpy as np
import pytest
from fastapi import HTTPException

from beliefgrid import search
from beliefgrid.dashboard.frames import Picture, frame, quantise, reduce_field

PARAMETERS: list[dict[str, Any]] = [
    {"name": "rate", "kind": "ordered", "values": [0.1, 0.001, 0.01], "scale": "log"},
    {"name": "size", "kind": "ordered", "values": [64, 8], "scale": "linear"},
    {"name": "kind", "kind": "categorical", "values": ["tanh", "relu"]},
]


@pytest.fixture
def grid() -> search.Grid:
    """A grid whose values are not given in order."""
    return search.Grid.from_definition(PARAMETERS)


@pytest.fixture
def field(grid: search.Grid) -> np.ndarray:
    """A belief that is different in every cell."""
    weights = np.arange(1.0, grid.n_cells + 1)
    field: np.ndarray = weights / weights.sum()
    return field


@pytest.mark.parametrize("reduce", ["sum", "max", "mean"])
@pytest.mark.parametrize(("x", "y"), [("rate", "size"), ("size", "rate"), ("kind", "rate")])
def test_frames_agree_with_the_posterior_matrix(
    grid: search.Grid, field: np.ndarray, x: str, y: str, reduce: str
) -> None:
    """The fast way to a frame and the engine's matrix are the same numbers."""
    fast = reduce_field(grid, field, Picture(x, y, reduce, {}))  # type: ignore[arg-type]
    slow = search.reduce_matrix(grid, field, x=x, y=y, reduce=reduce)

    np.testing.assert_allclose(fast, slow.z, rtol=1e-12)


def test_a_slice_fixes_the_other_axes(grid: search.Grid, field: np.ndarray) -> None:
    """A level in the address is the user's own value, as text."""
    fast = reduce_field(grid, field, Picture("rate", "kind", "slice", {"size": "8"}))
    slow = search.reduce_matrix(grid, field, x="rate", y="kind", reduce="slice", at={"size": 8})

    np.testing.assert_allclose(fast, slow.z, rtol=1e-12)


def test_one_axis_is_one_row(grid: search.Grid, field: np.ndarray) -> None:
    """Without y a frame is the marginal of x."""
    pixels = frame(grid, field, Picture("rate", None, "sum", {}))

    assert pixels.shape == (1, 3)


def test_an_unknown_axis_is_refused(grid: search.Grid, field: np.ndarray) -> None:
    """The answer names the axes that there are."""
    with pytest.raises(HTTPException, match="rate, size, kind"):
        reduce_field(grid, field, Picture("colour", None, "sum", {}))


def test_bytes_run_over_six_decades() -> None:
    """255 is certain, 0 is a millionth or less, and steps are even in between."""
    p = np.array([1.0, 1e-3, 1e-6, 1e-9, 0.0])

    assert quantise(p).tolist() == [255, 128, 0, 0, 0]
