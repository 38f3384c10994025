"""Changes that share one transaction: each does its part, one fails without the others."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from beliefgrid.storage import transaction
from beliefgrid.storage.errors import translated
from beliefgrid.storage.notices import Touched

T = TypeVar("T")
Work = Callable[[Connection], T]
OnCommit = Callable[[Touched], None]
OnCount = Callable[[int, list[str]], None]  # changes in a COMMIT, kinds of their events

BATCH = 256  # changes that share one COMMIT at most: bounds how long the first one waits


def tell_nobody(_touched: Touched) -> None:
    """Take the news of a commit where nobody waits for it."""


def count_nothing(_changes: int, _kinds: list[str]) -> None:
    """Take the numbers of a commit where nobody counts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change that waits for its turn."""

    work: Callable[[Connection], Any]
    future: Future[Any]
    puts_off: bool = False  # what it writes, to the end of the transaction


@dataclass(frozen=True, slots=True)
class Done:
    """What changes did together, not yet told to anybody."""

    outcomes: list[tuple[Future[Any], Any, Exception | None]]
    touched: Touched
    kinds: list[str]

    def answer(self, on_count: OnCount) -> None:
        """Tell everybody, after the COMMIT."""
        for future, result, failure in self.outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
        if self.outcomes:
            on_count(len(self.outcomes), self.kinds)


def run(c: Connection, batch: list[Change]) -> Done:
    """Run changes in a transaction that was begun; what it raises undoes all of them.

    A change that fails before it has written anything fails alone, and the others go on.
    """
    with transaction.carried(c) as carried:
        outcomes = [(change.future, *_outcome(c, carried, change)) for change in batch]
        carried.flush(c)
    return Done(outcomes, carried.touched, carried.kinds)


def _outcome(
    c: Connection, carried: transaction.Transaction, change: Change
) -> tuple[Any, Exception | None]:
    if not change.puts_off:
        carried.flush(c)
    carried.puts_off = change.puts_off
    before = carried.mark()
    try:
        return change.work(c), None
    except DBAPIError:
        raise  # Postgres does nothing more in this transaction
    except Exception as error:
        if not carried.go_back(before):
            raise
        return None, error


def fail_all(batch: list[Change], error: BaseException) -> None:
    """Give everybody the reason why nothing was stored."""
    problem = translated(error) if isinstance(error, DBAPIError) else error
    for change in batch:
        change.future.set_exception(problem)
