"""Texts and numbers of a request are clean, finite and bounded."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from beliefgrid.api.texts import Level, Name, Notes, Number

NAME = TypeAdapter(Name)
NOTES = TypeAdapter(Notes)
NUMBER = TypeAdapter(Number)
LEVEL = TypeAdapter(Level)


def test_names_are_brought_into_one_form() -> None:
    """Two spellings of one letter are one name."""
    assert NAME.validate_python("cafe\u0301", strict=True) == "caf\u00e9"


@pytest.mark.parametrize(
    "text", ["", "x" * 201, "a\x00b", "a\nb", "\ud800", "a\u202eb", "\u2066x", "\x7f", "a\x85b"]
)
def test_names_that_mislead_or_cannot_be_stored_are_refused(text: str) -> None:
    """No NUL, no control characters, no lone surrogates, no turned text, nothing endless."""
    with pytest.raises(ValidationError):
        NAME.validate_python(text, strict=True)


def test_notes_may_have_lines() -> None:
    """A newline and a tab are fine in a longer text, a NUL is not."""
    assert NOTES.validate_python("one\n\ttwo", strict=True) == "one\n\ttwo"
    with pytest.raises(ValidationError):
        NOTES.validate_python("one\x00", strict=True)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "NaN", "-Infinity", " inf ", "+Inf", 10**400],
)
def test_no_spelling_of_a_number_that_is_none_passes(value: Any) -> None:
    """Each is a non_finite_value, so that the caller learns of /failure."""
    with pytest.raises(ValidationError) as refused:
        NUMBER.validate_python(value, strict=True)

    assert refused.value.errors()[0]["type"] == "non_finite_value"


@pytest.mark.parametrize("value", ["1", True, None, [1], {}])
def test_what_is_no_number_is_not_made_one(value: Any) -> None:
    """A text, a truth value or nothing is refused, not converted."""
    with pytest.raises(ValidationError):
        NUMBER.validate_python(value, strict=True)


@pytest.mark.parametrize("value", [0, -3, 2**53, 0.001, True, False, "relu", "0.01"])
def test_levels_stay_what_they_are(value: Any) -> None:
    """An int stays an int, a truth value one, and a text is not read as a number."""
    found = LEVEL.validate_python(value, strict=True)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [2**53 + 1, float("inf"), "x" * 201, None, [1], "a\x00"])
def test_levels_that_cannot_be_kept_are_refused(value: Any) -> None:
    """Integers that JSON readers round, infinities, endless texts."""
    with pytest.raises(ValidationError):
        LEVEL.validate_python(value, strict=True)
