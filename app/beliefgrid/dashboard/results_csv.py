"""Results from a spreadsheet: CSV with a column per parameter and one of the metric."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beliefgrid.actions.queue import MAX_ROWS
from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.numbers import find_level

EXTRAS = ("stddev", "duration")
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Table:
    """What a CSV says: rows for the import, and what was not used of it."""

    rows: Sequence[dict[str, Any]]
    without_value: int
    ignored: Sequence[str]


def read_results(text: str, parameters: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Return the results of a CSV; rows without a value are left out and counted.

    Raises:
        FormError: a column is missing or a number cannot be read; the message names the line.
    """
    reader = csv.DictReader(io.StringIO(text.strip("\ufeff\r\n ")), delimiter=_delimiter(text))
    columns = [name.strip() for name in reader.fieldnames or [] if name]
    reader.fieldnames = columns
    value = next((name for name in (metric, "value") if name in columns), None)
    names = [str(parameter["name"]) for parameter in parameters]
    missing = [name for name in names if name not in columns]
    if value is None or missing:
        wanted = ", ".join(missing or [metric])
        raise FormError(
            f"The first line must name the columns; there is none called {wanted[:200]}."
        )
    rows, without_value = [], 0
    for line in reader:
        if not (line[value] or "").strip():
            without_value += 1
            continue
        rows.append(_row(line, parameters, value, reader.line_num))
        if len(rows) > MAX_ROWS:
            raise FormError(f"More than {MAX_ROWS:,} results; send them in parts.")
    if not rows:
        raise FormError("There is no line with a result below the names of the columns.")
    ignored = [name for name in columns if name not in {*names, value, *EXTRAS}]
    return Table(rows, without_value, ignored)


def _row(
    line: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]], value: str, at: int
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "assignments": {p["name"]: _level(line[p["name"]], p, at) for p in parameters},
        "value": _number(line[value], value, at),
    }
    for name in EXTRAS:
        if (line.get(name) or "").strip():
            row[name] = _number(line[name], name, at)
    return row


def _level(text: str | None, parameter: Mapping[str, Any], at: int) -> Any:
    word = (text or "").strip()
    found = find_level(parameter["values"], word)
    if found is not None:
        return parameter["values"][found]
    if any(isinstance(value, str) for value in parameter["values"]):
        return word
    return _number(word, parameter["name"], at)


def _number(text: str | None, column: str, at: int) -> float:
    try:
        found = json.loads(text or "", parse_constant=float)
    except ValueError:
        found = None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise FormError(
            f"Line {at}: {column[:60]} must be a number, and {(text or '')[:40]!r} is none."
        )
    return found


def _delimiter(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return max(",;\t", key=first.count)
