"""Small formulas over parameters, as in `block_x * block_y <= 1024`.

    comparison  sum (<= | >= | < | > | == | !=) sum
    sum         product {(+ | -) product}
    product     factor {(* | / | %) factor}
    factor      number | name | `any name` | 'text' | ( sum ) | - factor

A formula is read into a tree of these and nothing else, and is never run as code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.errors import ConstraintSyntaxError

LONGEST = 300  # characters
DEEPEST = 20  # brackets within brackets
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*)|`(?P<quoted>[^`]+)`|'(?P<text>[^']*)'"
    r"|(?P<sign><=|>=|==|!=|[<>+\-*/%()]))"
)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "<": np.less,
    ">": np.greater,
    "==": np.equal,
    "!=": np.not_equal,
}
COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
}


@dataclass(frozen=True, slots=True)
class Name:
    """The value of a parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or a text."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Sum:
    """Two sides and one of + - * / %."""

    sign: str
    left: "Node"
    right: "Node"


Node = Name | Constant | Sum


@dataclass(frozen=True, slots=True)
class Comparison:
    """What must hold."""

    sign: str
    left: Node
    right: Node


def names(node: Node) -> Iterator[str]:
    """Yield the parameters that a formula names."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Sum):
        yield from names(node.left)
        yield from names(node.right)


def value_of(node: Node, values: Mapping[str, Any]) -> Any:
    """Return what a formula of numbers is where parameters have these values."""
    if isinstance(node, Name):
        return values[node.name]
    if isinstance(node, Constant):
        return node.value
    return COMPUTE[node.sign](value_of(node.left, values), value_of(node.right, values))


def comparison(text: str) -> Comparison:
    """Read a comparison.

    Raises:
        ConstraintSyntaxError: it is not one; the message says where.
    """
    reader = _Reader(text)
    left = reader.sum(0)
    sign = reader.take(COMPARE)
    if sign is None:
        raise reader.error(f"expected one of {' '.join(COMPARE)}")
    right = reader.sum(0)
    reader.end()
    return Comparison(sign, left, right)


def formula(text: str) -> Node:
    """Read one side of a comparison."""
    reader = _Reader(text)
    found = reader.sum(0)
    reader.end()
    return found


class _Reader:
    """Reads a text from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ConstraintSyntaxError(f"expected at most {LONGEST} characters, got {len(text)}")
        self.text, self.at = text, 0

    def error(self, expected: str) -> ConstraintSyntaxError:
        """Return the error for something else at this place."""
        left = self.text[self.at :].strip()
        got = f"{left[:20]!r}" if left else "the end"
        return ConstraintSyntaxError(f"{self.text!r}: {expected}, got {got}")

    def end(self) -> None:
        """Refuse what is left over."""
        if self.text[self.at :].strip():
            raise self.error("expected the end")

    def take(self, signs: Mapping[str, Any]) -> str | None:
        """Return the next sign if it is one of these, and go on behind it."""
        found = TOKEN.match(self.text, self.at)
        if found is None or found["sign"] not in signs:
            return None
        self.at = found.end()
        return found["sign"]

    def sum(self, depth: int) -> Node:
        """Read products with + and - between them."""
        found = self.product(depth)
        while sign := self.take({"+": 0, "-": 0}):
            found = Sum(sign, found, self.product(depth))
        return found

    def product(self, depth: int) -> Node:
        """Read factors with *, / and % between them."""
        found = self.factor(depth)
        while sign := self.take({"*": 0, "/": 0, "%": 0}):
            found = Sum(sign, found, self.factor(depth))
        return found

    def factor(self, depth: int) -> Node:
        """Read a number, a name, a text or something in brackets."""
        if depth > DEEPEST:
            raise self.error(f"expected at most {DEEPEST} brackets within brackets")
        if self.take({"-": 0}):
            return Sum("-", Constant(0.0), self.factor(depth + 1))
        if self.take({"(": 0}):
            found = self.sum(depth + 1)
            if not self.take({")": 0}):
                raise self.error("expected )")
            return found
        return self._leaf()

    def _leaf(self) -> Node:
        found = TOKEN.match(self.text, self.at)
        if found is None or found["sign"] is not None:
            raise self.error("expected a number, a parameter or a 'text'")
        self.at = found.end()
        if found["number"] is not None:
            return Constant(float(found["number"]))
        if found["text"] is not None:
            return Constant(found["text"])
        return Name(found["name"] or found["quoted"])
