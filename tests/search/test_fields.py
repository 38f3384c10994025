"""A posterior fits in about a byte a cell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.search import SearchError, decode_field, encode_field


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300).filter(lambda w: max(w) > 1e-3))
def test_little_is_lost(weights: list[float]) -> None:
    """Total variation stays within a thirty-second of a bit on average: 2.5 %."""
    p = np.array(weights) / sum(weights)

    decoded = decode_field(encode_field(p), len(p))

    assert decoded.sum() == pytest.approx(1)
    assert 0.5 * np.abs(decoded - p).sum() < 0.045
    assert (decoded[p == 0] == 0).all()


def test_a_uniform_field_is_exact_and_tiny() -> None:
    """A million cells before any data take a few kilobytes."""
    field = encode_field(np.full(1_000_000, 1e-6))

    assert len(field) < 2_000
    np.testing.assert_allclose(decode_field(field, 1_000_000), 1e-6)


def test_a_smooth_posterior_takes_kilobytes() -> None:
    """Ten thousand cells are a few kilobytes."""
    x = np.linspace(-3, 3, 100)
    p = np.exp(-2 * (x[:, None] ** 2 + x[None, :] ** 2)).ravel() + 1e-3

    assert len(encode_field(p / p.sum())) < 4_000


@pytest.mark.parametrize("field", [b"nonsense", encode_field(np.full(3, 1 / 3))])
def test_another_grid_s_field_is_refused(field: bytes) -> None:
    """It must have exactly one byte a cell."""
    with pytest.raises(SearchError, match="field"):
        decode_field(field, 4)
