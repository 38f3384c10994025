"""Numbers and times as people read them: the one place where digits and units are decided.

`static/js/format.js` says the same to charts. Exact values stay in tables and exports.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
PERCENT = "\N{NO-BREAK SPACE}%"
LARGE = 1e6
SMALL = 1e-4
MINUTE, HOUR, DAY = 60, 3600, 86400


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with a few significant digits, as short as it can be."""
    if value is None or math.isnan(value):
        return NOTHING
    if value == 0:
        return "0"
    size = abs(value)
    if size >= LARGE or size < SMALL:
        mantissa, exponent = f"{value:.{min(digits, 3) - 1}e}".split("e")
        text = f"{_trimmed(mantissa)}e{int(exponent)}"
    else:
        text = _trimmed(f"{float(f'{value:.{digits}g}'):.10f}")
    return text.replace("-", MINUS)


def percent(p: float | None) -> str:
    """Return a probability as a percentage that no line break parts from its sign."""
    if p is None or math.isnan(p):
        return NOTHING
    if 0 < p < SMALL:
        return f"< 0.01{PERCENT}"
    shown = 100 * p
    digits = 0 if shown >= 10 else 1 if shown >= 1 else 2  # noqa: PLR2004 - 62 %, 4.8 %, 0.21 %
    if p < 1 and round(shown, digits) >= 100:  # noqa: PLR2004 - nearly certain is not certain
        return f"> 99{PERCENT}"
    return f"{_trimmed(f'{shown:.{digits}f}')}{PERCENT}"


def level(value: Any) -> str:
    """Return a level of a parameter as its user wrote it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond it digits are lost
            return str(int(value)).replace("-", MINUS)
        exact = repr(value)
        return (exact if len(exact) <= 9 else f"{float(f'{value:.4g}')!r}").replace("-", MINUS)  # noqa: PLR2004
    return str(value)


def address_level(value: Any) -> str:
    """Return a level as it stands in an address: the spelling of JSON, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def find_level(values: Sequence[Any], text: str | None) -> int | None:
    """Return which level a text in an address stands for; None if it is no level."""
    for i, value in enumerate(values):
        if text == address_level(value):
            return i
        if not isinstance(value, (bool, str)) and text and _number(text) == value:
            return i
    return None


def cell_text(assignments: dict[str, Any]) -> str:
    """Return a combination in one line: `learning_rate 0.01, latent_dim 16`."""
    return ", ".join(f"{name} {level(value)}" for name, value in assignments.items())


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun: `1 cell`, `1,728 cells`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def share(part: float, whole: float) -> str:
    """Return a part of a whole as a percentage."""
    return percent(part / whole) if whole else NOTHING


def span(seconds: float | None) -> str:
    """Return a length of time in one unit, or two."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{number(1000 * seconds, 3)} ms"
    if seconds < MINUTE:
        return f"{number(seconds, 3)} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min {int(seconds % MINUTE)} s"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE)} min"
    return f"{round(seconds / DAY)} days"


def ago(seconds: float) -> str:
    """Return how long ago something was, in words that change slowly."""
    seconds = max(0, round(seconds))
    if seconds < 2:  # noqa: PLR2004 - as format.js
        return "just now"
    if seconds < MINUTE:
        return f"{seconds} s ago"
    if seconds < HOUR:
        return f"{round(seconds / MINUTE)} min ago"
    if seconds < 2 * DAY:
        return f"{round(seconds / HOUR)} h ago"
    return f"{round(seconds / DAY)} days ago"


@dataclass(frozen=True, slots=True)
class When:
    """A moment: for machines, relative to the page, and in full."""

    iso: str
    text: str
    full: str


def when(moment: datetime | None, now: datetime) -> When | None:
    """Return a moment as a page shows it."""
    if moment is None:
        return None
    moment = moment.astimezone(UTC)
    ahead = (moment - now).total_seconds()
    text = f"in {span(ahead)}" if ahead > 0.5 else ago(-ahead)  # noqa: PLR2004 - half a second
    return When(moment.isoformat(timespec="seconds"), text, f"{moment:%Y-%m-%d %H:%M:%S} UTC")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
