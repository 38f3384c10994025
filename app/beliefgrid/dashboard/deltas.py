"""What changed between two answers of one address, as few bytes.

A delta is what the new body shares with the old one at its beginning and its end, and deflate
(RFC 1951) of what lies between, which may point back into the old body. A browser unpacks it
with what it has: the old bytes as a stored block, and the delta behind it (`changes.js`).
"""

import zlib
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

WINDOW = 32_768  # bytes that deflate can point back


@dataclass(frozen=True, slots=True)
class Delta:
    """How many bytes of the old body the new one begins and ends with, and the rest, packed."""

    start: int
    end: int
    packed: bytes


class Sent:
    """The bodies that browsers were sent last, by their tags: what deltas are made from."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, tag: str, body: bytes) -> None:
        """Keep a body; the oldest ones make room."""
        self._size += len(body) - len(self._held.pop(tag, b""))
        self._held[tag] = body
        while self._size > self._most:
            self._size -= len(self._held.popitem(last=False)[1])

    def get(self, tag: str) -> bytes | None:
        """Return the body of a tag, if it is still here."""
        return self._held.get(tag)


def delta(old: bytes, new: bytes) -> Delta:
    """Return how a body differs from an older one; all of it if that is empty."""
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    near = old[: len(old) - end][-WINDOW:]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=near)
    return Delta(start, end, packer.compress(new[start : len(new) - end]) + packer.flush())


def _shared(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts have in common at their beginning."""
    n = min(len(one), len(other))
    a, b = (np.frombuffer(text, dtype=np.uint8, count=n) for text in (one, other))
    differing = np.flatnonzero(a != b)
    return int(differing[0]) if differing.size else n
