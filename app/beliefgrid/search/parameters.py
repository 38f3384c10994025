"""A parameter is one axis of the grid: its levels, and how far apart they are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.errors import (
    ConditionInvalidError,
    GridTooLargeError,
    ParameterKindUnknownError,
    ParameterNameInvalidError,
    RangeInvalidError,
    ScaleInvalidError,
    ScaleLogNonpositiveError,
    ValueInvalidError,
    ValuesDuplicateError,
    ValuesMissingError,
)

Value = int | float | str | bool

KINDS = ("ordered", "categorical")
SCALES = ("linear", "log", "rank")
MAX_LEVELS = 1_000  # the kernel of an axis is a matrix of levels x levels
RANGE_DIGITS = 12  # of the values of a range: 0.1 + 0.2 is 0.3


@dataclass(frozen=True, slots=True)
class Parameter:
    """One axis: its name, kind, levels in the user's order, and scale (None if categorical).

    `when` says which values others must have for it to matter at all.
    """

    name: str
    kind: str
    values: tuple[Value, ...]
    scale: str | None = None
    when: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in KINDS:
            raise ParameterKindUnknownError(
                f"parameter {self.name!r}: expected the kind {' or '.join(KINDS)}, "
                f"got {self.kind!r}"
            )
        _check_values(self.name, self.values)
        _check_scale(self)

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> "Parameter":
        """Return the parameter that a JSON object {name, kind, values | low, high, levels} is."""
        name = definition.get("name")
        _check_name(name)
        kind = definition.get("kind", "ordered")
        scale = definition.get("scale")
        values = definition.get("values")
        if values is None and "low" in definition:
            values = _range(definition, scale or "linear")
        if not isinstance(values, list | tuple) or not values:
            raise ValuesMissingError(
                f"parameter {name!r}: expected `values` with at least one level, or a range "
                f"{{low, high, levels}}, got {_short(values)}"
            )
        if kind == "ordered" and scale is None:
            scale = "linear" if all(map(_is_number, values)) else "rank"
        scale = None if kind == "categorical" else scale
        return cls(str(name), kind, tuple(values), scale, _when(str(name), definition.get("when")))

    def to_definition(self) -> dict[str, Any]:
        """Return the JSON object that `from_definition` reads, with every level listed."""
        stated: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "values": list(self.values),
            "scale": self.scale,
        }
        if self.when:
            stated["when"] = {name: list(values) for name, values in self.when}
        return stated

    @property
    def is_ordered(self) -> bool:
        """Whether the levels lie on a line."""
        return self.kind == "ordered"

    def ranks(self) -> Ints:
        """Return the place of each level along its axis, 0 for the first, in the user's order."""
        n = len(self.values)
        if not self.is_ordered or not all(map(_is_number, self.values)):
            return np.arange(n)
        ranks = np.empty(n, dtype=np.int64)
        ranks[sorted(range(n), key=lambda level: self.values[level])] = np.arange(n)
        return ranks

    def coordinates(self) -> Floats:
        """Return where each level lies on its scale, 0 to 1; of one level it is 0."""
        n = len(self.values)
        if not self.is_ordered or self.scale == "rank" or n == 1:
            return self.ranks() / max(1, n - 1)
        u = np.array([float(value) for value in self.values])
        u = np.log(u) if self.scale == "log" else 0.5 * u  # halved: high - low may overflow
        return np.asarray((u - u.min()) / max(float(u.max() - u.min()), np.finfo(float).tiny))


def key(value: Value) -> tuple[bool, Value]:
    """Return what two equal values share: 8 is 8.0, but true is not 1."""
    return isinstance(value, bool), value


# ---------------------------------------------------------------- checks
def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ParameterNameInvalidError(
            f"expected every parameter to have a name, got {_short(name)}"
        )


def _check_values(name: str, values: tuple[Value, ...]) -> None:
    if not values:
        raise ValuesMissingError(f"parameter {name!r}: expected at least one value, got none")
    if len(values) > MAX_LEVELS:
        raise GridTooLargeError(
            f"parameter {name!r}: expected at most {MAX_LEVELS:,} levels on an axis, "
            f"got {len(values):,}"
        )
    for value in values:
        if not (isinstance(value, str | bool) or _is_number(value)):
            raise ValueInvalidError(
                f"parameter {name!r}: expected finite numbers, texts or truth values, "
                f"got {_short(value)}"
            )
    seen: set[tuple[bool, Value]] = set()
    for value in values:
        if key(value) in seen:
            raise ValuesDuplicateError(
                f"parameter {name!r}: expected different values, got {_short(value)} twice"
            )
        seen.add(key(value))


def _check_scale(parameter: Parameter) -> None:
    name, scale, values = parameter.name, parameter.scale, parameter.values
    if parameter.kind == "categorical":
        if scale is not None:
            raise ScaleInvalidError(f"parameter {name!r}: a categorical parameter has no scale")
        return
    if scale not in SCALES:
        raise ScaleInvalidError(
            f"parameter {name!r}: expected the scale {', '.join(SCALES)}, got {_short(scale)}"
        )
    if scale != "rank" and not all(map(_is_number, values)):
        raise ScaleInvalidError(
            f"parameter {name!r}: the scale {scale!r} needs numbers; use `rank` for levels that "
            "are only in order"
        )
    if scale == "log" and any(float(value) <= 0 for value in values):
        raise ScaleLogNonpositiveError(
            f"parameter {name!r}: the scale `log` needs values above 0, got "
            f"{_short(min(float(value) for value in values))}; use `rank` or `linear`"
        )


def _when(name: str, given: Any) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """Return the conditions of a parameter; a single value may stand without a list."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise ConditionInvalidError(
            f"parameter {name!r}: expected `when` as {{parameter: [values]}}, got {_short(given)}"
        )
    found = []
    for other, values in given.items():
        listed = tuple(values) if isinstance(values, list | tuple) else (values,)
        if not listed or not all(isinstance(value, int | float | str) for value in listed):
            raise ConditionInvalidError(
                f"parameter {name!r}: expected `when` to list values of {str(other)[:60]!r}, "
                f"got {_short(values)}"
            )
        found.append((str(other), listed))
    return tuple(found)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float can hold
        return False


def _short(value: object) -> str:
    return repr(value)[:60]


# ---------------------------------------------------------------- ranges
def _range(definition: Mapping[str, Any], scale: str) -> list[Value]:
    """Return evenly spaced levels from low to high, whole numbers where all of them are whole."""
    name, low, high = definition["name"], definition.get("low"), definition.get("high")
    levels = definition.get("levels")
    if not (_is_number(low) and _is_number(high) and isinstance(levels, int) and levels > 1):
        raise RangeInvalidError(
            f"parameter {name!r}: expected a range with numbers low and high and at least two "
            f"levels, got low {_short(low)}, high {_short(high)}, levels {_short(levels)}"
        )
    low, high = float(definition["low"]), float(definition["high"])
    if not low < high:
        raise RangeInvalidError(
            f"parameter {name!r}: expected low below high, got {low:g} and {high:g}"
        )
    if levels > MAX_LEVELS:
        raise GridTooLargeError(
            f"parameter {name!r}: expected at most {MAX_LEVELS:,} levels on an axis, got {levels:,}"
        )
    if scale == "log":
        if low <= 0:
            raise ScaleLogNonpositiveError(
                f"parameter {name!r}: the scale `log` needs values above 0, got {low:g}"
            )
        spaced = np.exp(np.linspace(math.log(low), math.log(high), levels))
        spaced[0], spaced[-1] = low, high
    else:
        spaced = 2 * np.linspace(0.5 * low, 0.5 * high, levels)
    rounded = [float(f"{value:.{RANGE_DIGITS}g}") for value in spaced.tolist()]
    rounded[0], rounded[-1] = low, high
    are_whole = all(isinstance(definition[end], int) for end in ("low", "high"))
    if are_whole and all(value.is_integer() for value in rounded):
        return [int(value) for value in rounded]
    return list(rounded)
