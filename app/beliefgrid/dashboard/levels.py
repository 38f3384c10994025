"""Levels of a parameter as text in a form, and the level that would come next at a border."""

import csv
import math
from collections.abc import Mapping, Sequence
from typing import Any

from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.numbers import LARGE, address_level, find_level

DIGITS = 6


def typed_levels(parameter: Mapping[str, Any]) -> str:
    """Return a parameter's levels as a person types them."""
    return ", ".join(_typed(value) for value in parameter["values"])


def read_levels(text: str, parameter: Mapping[str, Any]) -> list[Any]:
    """Return typed levels; one that the parameter has already keeps its value and type.

    Raises:
        FormError: a new level of a parameter of numbers is none.
    """
    values = parameter["values"]
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    words = [word for row in rows for cell in row if (word := cell.strip())]
    are_numbers = all(_is_number(value) for value in values)
    return [
        _new(word, parameter["name"], are_numbers=are_numbers) if place is None else values[place]
        for word, place in ((word, find_level(values, word)) for word in words)
    ]


def with_levels(
    parameters: Sequence[Mapping[str, Any]], name: str, values: list[Any]
) -> list[dict[str, Any]]:
    """Return parameters with other levels of one."""
    return [dict(p) | ({"values": values} if p["name"] == name else {}) for p in parameters]


def level_beyond(parameter: Mapping[str, Any], end: Any) -> float | None:
    """Return the level that would come after one end of a parameter of numbers, if any would.

    It continues the last step: by ratio on a log scale, by difference elsewhere.
    """
    values = sorted(value for value in parameter["values"] if _is_number(value))
    if len(values) < max(2, len(parameter["values"])) or end not in (values[0], values[-1]):
        return None  # a step is between two numbers
    neighbour = values[1] if end == values[0] else values[-2]
    step = end * (end / neighbour) if parameter["scale"] == "log" else 2 * end - neighbour
    if step <= 0 < min(values):
        step = end / 2  # what has been above zero stays there
    if not math.isfinite(step):
        return None
    return _rounded(step, are_whole=all(isinstance(value, int) for value in values), taken=values)


def extended(parameter: Mapping[str, Any], level: Any) -> list[Any]:
    """Return a parameter's levels with one more, at the end where it belongs."""
    values = list(parameter["values"])
    is_descending = len(values) > 1 and values[0] > values[-1]
    is_last = (level > max(values)) != is_descending
    return [*values, level] if is_last else [level, *values]


def _rounded(step: float, *, are_whole: bool, taken: Sequence[Any]) -> float | None:
    if are_whole:
        found = round(step)
        return None if found in taken or found <= 0 < min(taken) else found
    return float(f"{step:.{DIGITS}g}")


def _new(word: str, name: str, *, are_numbers: bool) -> Any:
    if not are_numbers:
        return {"true": True, "false": False}.get(word.lower(), word)
    for read in (int, float):
        try:
            value = read(word)
        except ValueError:
            continue
        if math.isfinite(value):
            return value
    raise FormError(f"The levels of {name} are numbers, and {word[:40]!r} is none.")


def _typed(value: Any) -> str:
    """Return a level as it is typed; one with a comma stands in quotes, as in CSV."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGE
    text = address_level(int(value) if is_whole else value)
    if not {",", '"', "\n"}.intersection(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
