"""JSON as the standard says, and nothing that reads differently in another language.

Python's reader takes NaN, Infinity, numbers that overflow, UTF-16 and the last of two equal
keys. A result that is not a number or a setting that was given twice must not pass for one.
"""

import json
import math
from typing import Any, NoReturn

from beliefgrid.api.problems import RefusedError
from beliefgrid.api.texts import FAILURE_HINT

MOST_DEPTH = 32
MOST_DIGITS = 400  # more than any finite double has


def read(body: bytes) -> Any:
    """Return what a body says.

    Raises:
        RefusedError: it is not JSON, or ambiguous; 400, or 422 for a number that is none.
    """
    try:
        found = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise RefusedError(400, "json_invalid", "expected JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        detail = f"expected JSON: {error.msg} at character {error.pos}"
        raise RefusedError(400, "json_invalid", detail) from None
    except RecursionError:
        raise _too_deep() from None
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH:
        _check_depth(found)
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedError(
            400, "json_duplicate_key", f"expected each key once, got {twice[:60]!r} twice"
        )
    return found


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise RefusedError(422, "non_finite_value", FAILURE_HINT)
    return number


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise RefusedError(422, "non_finite_value", FAILURE_HINT)
    return int(text)


def _constant(_text: str) -> NoReturn:
    raise RefusedError(422, "non_finite_value", FAILURE_HINT)


def _check_depth(found: Any) -> None:
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > MOST_DEPTH + 1:
            raise _too_deep()
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]


def _too_deep() -> RefusedError:
    return RefusedError(400, "json_too_deep", f"expected at most {MOST_DEPTH} levels of nesting")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_float, parse_int=_int, parse_constant=_constant
)
