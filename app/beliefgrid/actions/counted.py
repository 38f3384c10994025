"""Asks and tells are counted by what became of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.idempotency import Answer

T = TypeVar("T")


class Heard(Generic[T]):
    """A way to render a result that remembers the last one."""

    def __init__(self, render: Callable[[T], tuple[int, str]]) -> None:
        self._render = render
        self.result: T | None = None

    def __call__(self, result: T) -> tuple[int, str]:
        """Return the rendered result."""
        self.result = result
        return self._render(result)

    def of(self, answer: Answer) -> T | None:
        """Return the result behind an answer; None if the answer is an old one."""
        return None if answer.replayed else self.result


@contextmanager
def refusals(count: Callable[[str], None]) -> Iterator[None]:
    """Count the code of a refusal that passes."""
    try:
        yield
    except ActionError as refusal:
        count(refusal.code)
        raise
