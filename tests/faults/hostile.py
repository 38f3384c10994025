"""Values that break naive services, and where in a request they are put."""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

# JSON texts, since some of these cannot be written by a JSON library.
VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "nan": "NaN",
    "infinity": "-Infinity",
    "1e400": "1e400",
    "tiny": "5e-324",
    "minus zero": "-0.0",
    "huge int": "9" * 400,
    "64 bits": str(2**63),
    "negative": "-1",
    "half": "0.5",
    "number as text": '"10"',
    "empty text": '""',
    "nul": r'"a\u0000b"',
    "lone surrogate": r'"\ud800"',
    "turned text": r'"a\u202eb"',
    "combining": r'"e\u0301"',
    "emoji": '"\U0001f4a9"',
    "sql": '"\'; DROP TABLE studies; --"',
    "long text": '"' + "x" * 20_000 + '"',
    "empty list": "[]",
    "long list": "[" + ",".join(["1"] * 3000) + "]",
    "nested": "[" * 40 + "]" * 40,
    "empty object": "{}",
    "object of nul": r'{"\u0000": 1}',
    "proto": '{"__proto__": {"a": 1}}',
}
PATHS = (
    "9" * 30, "-1", "0", "%00", "%ff%fe", "..%2f..", "1%2e5", "name:%00", "name:", "name:%ed%a0%80",
    "%F0%9F%92%A9", "x" * 209, "9223372036854775807", "9223372036854775808", "'%20OR%201=1", "1e3",
)  # fmt: skip
QUERIES = (
    "limit=9e9", "limit=-1", "limit=", "cursor=%00", "cursor=bm9wZQ", "cursor=WzFd",
    "cursor=WzllOTk5XQ", "cursor=W251bGxd", "cursor=WyJhIiwxXQ", "sort=nope", "state=%00",
    "worker=%00", "worker=%ed%a0%80", "after=-1", "at=99999999999999999999", "layer=nope",
    "x=%00&y=b", "x=a&y=a", "reduce=slice&a=NaN", "a=1e999", "limit=1&limit=2", "at=1e3",
    "q=%00", "q=%25%5f%5c", "cursor=WyIyMDI2LTAxLTAxIiwiYSJd", "cursor=WzFlMzA4LDFd",
    "cursor=W05hTiwxXQ", "sort=value&cursor=W05hTiwxXQ", "sort=-value&cursor=WzFlMzA4LDFd",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"Idempotency-Key": "x" * 300},
    {"Idempotency-Key": "\x01"},
    {"Idempotency-Key": "é"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "text/plain"},
    {"Content-Encoding": "gzip"},
    {"If-Match": "9" * 39},
    {"If-Match": '"\x7f"'},
    {"Accept": "text/html"},
    {"Authorization": "Bearer " + "x" * 3000},
    {"X-Request-Id": "x" * 3000},
    {"Last-Event-ID": "9" * 30},
    {"X-Forwarded-Host": "evil.example"},
)


def bodies(example: Any) -> Iterator[tuple[str, bytes]]:
    """Yield an example's text with one value after the other replaced by each hostile one."""
    for pointer in _pointers(example):
        marked = json.dumps(_replaced(example, pointer, "\0mark"))
        for name, text in VALUES.items():
            where = "/".join(map(str, pointer))
            yield f"{where} = {name}", marked.replace(r'"\u0000mark"', text).encode()


def _pointers(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _pointers(inner, (*at, name))
    elif isinstance(value, list) and value:
        yield from _pointers(value[0], (*at, 0))


def _replaced(value: Any, pointer: tuple[Any, ...], new: Any) -> Any:
    if not pointer:
        return new
    first, rest = pointer[0], pointer[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = _replaced(value[first], rest, new)
    return copy
