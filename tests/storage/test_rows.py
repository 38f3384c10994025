"""Cursors survive a round trip, and anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.storage.rows import CursorError, decode_cursor, encode_cursor


@given(st.text(max_size=20), st.integers(-(2**62), 2**62), st.floats(allow_nan=False))
def test_a_position_comes_back(text: str, number: int, value: float) -> None:
    """What a page gives out, the next request gets back."""
    cursor = encode_cursor((text, number, value))

    assert decode_cursor(cursor, (str, int, float)) == [text, number, value]


@pytest.mark.parametrize("cursor", [None, ""])
def test_no_cursor_is_the_start(cursor: str | None) -> None:
    """An empty cursor is the first page."""
    assert decode_cursor(cursor, (int,)) is None


@pytest.mark.parametrize(
    "cursor",
    ["x", "€", "bnVsbA", encode_cursor((1, 2)), encode_cursor(("1",)), encode_cursor((True,)),
     encode_cursor((2**63,))],
)  # fmt: skip
def test_other_cursors_are_refused(cursor: str) -> None:
    """A cursor of another list, or made up, says what to do."""
    with pytest.raises(CursorError, match="next_cursor"):
        decode_cursor(cursor, (int,))


@given(st.text(max_size=60))
def test_no_text_is_trouble(cursor: str) -> None:
    """Any text is a cursor, the start, or refused."""
    try:
        found = decode_cursor(cursor, (int,))
    except CursorError:
        return
    assert found is None or isinstance(found[0], int)
