"""The words and numbers that a request may carry: clean, finite, bounded.

Strings are NFC and free of what cannot be stored or would mislead a reader: control characters,
lone surrogates, marks that turn the direction of the text around.
"""

import math
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

MOST_INTEGER = 2**53  # beyond it JavaScript and JSON readers lose digits
_TURNS_TEXT = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NON_FINITE_WORDS = frozenset({"nan", "inf", "infinity", "none", "null", "na", "n/a"})
FAILURE_HINT = (
    "expected a finite number; report a run that diverged to /failure with kind `infeasible`"
)


def clean(text: str) -> str:
    """Return a line of text in NFC, or refuse it."""
    if text.isascii() and text.isprintable():
        return text
    return _checked(text, "")


def clean_lines(text: str) -> str:
    """Return text of several lines in NFC, or refuse it."""
    return _checked(text, "\n\r\t")


def _checked(text: str, allowed: str) -> str:
    for character in text:
        category = unicodedata.category(character)
        is_control = category in {"Cc", "Cs"} and character not in allowed
        if is_control or character in _TURNS_TEXT:
            raise PydanticCustomError(
                "text_invalid",
                "expected readable text, got the character U+{code}",
                {"code": f"{ord(character):04X}"},
            )
    return unicodedata.normalize("NFC", text)


def finite(value: Any) -> Any:
    """Refuse every spelling of a number that is none."""
    if isinstance(value, str) and value.strip().lower().lstrip("+-") in _NON_FINITE_WORDS:
        raise PydanticCustomError("non_finite_value", FAILURE_HINT)
    if isinstance(value, int) and not isinstance(value, bool):
        return _as_float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("non_finite_value", FAILURE_HINT)
    return value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise PydanticCustomError("non_finite_value", FAILURE_HINT) from None


def level(value: Any) -> bool | int | float | str:
    """Return a value of a parameter as it came: an int stays an int."""
    match value:
        case bool():
            return value
        case int() if abs(value) <= MOST_INTEGER:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if len(value) <= MOST_LEVEL_TEXT:
            return clean(value)
    raise PydanticCustomError(
        "level_invalid",
        "expected true, false, a finite number (whole ones up to 2^53) or a text of at most "
        "{most} characters",
        {"most": MOST_LEVEL_TEXT},
    )


MOST_LEVEL_TEXT = 200

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]
Filter = Annotated[str, StringConstraints(max_length=200), AfterValidator(clean)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(clean)]
Reason = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(clean_lines)]
Notes = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(clean_lines)]
Tags = Annotated[list[Name], Field(max_length=50)]
Number = Annotated[float, BeforeValidator(finite)]
Whole = Annotated[int, Field(ge=-MOST_INTEGER, le=MOST_INTEGER)]
Level = Annotated[
    Annotated[bool | int | float | str, Field(union_mode="left_to_right")], BeforeValidator(level)
]
Assignments = Annotated[dict[Name, Level], Field(max_length=16)]
