"""Two transactions at once on Postgres, stopped at chosen points: nothing happens twice."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid.actions import errors, expire, idempotency, tell
from beliefgrid.actions import update as updates
from beliefgrid.actions.ask import ask
from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.idempotency import Answer, Once
from beliefgrid.actions.views import Asked
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.errors import OverlapError
from tests.actions.conftest import RULES, Acting
from tests.support.clock import Clock

ONCE = Once("key", "scope", "fingerprint")


@pytest.fixture
def acting(postgres_url: str, clock: Clock) -> Iterator[Acting]:
    """The verbs on Postgres, where transactions may overlap."""
    database = open_database(postgres_url)
    yield Acting(database, clock)
    database.close()


class Held:
    """A transaction that has done its work and waits before it commits."""

    def __init__(
        self, acting: Acting, action: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        self._done, self._go_on = threading.Event(), threading.Event()
        now = acting.clock()

        def work(c: Connection) -> Any:
            result = action(c, *args, now=now, **kwargs)
            self._done.set()
            assert self._go_on.wait(10)
            return result

        self.future: Future[Any] = acting.database.write(work)
        assert self._done.wait(10)

    def commit(self) -> Any:
        """Let it go on; return what it did."""
        self._go_on.set()
        return self.future.result(10)


def begin(acting: Acting, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    """Start a second transaction that is expected to wait for the first."""
    now = acting.clock()
    future = acting.database.write(lambda c: action(c, *args, now=now, **kwargs))
    with pytest.raises(TimeoutError):
        future.result(0.15)
    return future


def asking(worker: str | None) -> dict[str, Any]:
    """Return what a worker says when it asks."""
    return {"worker": worker, "count": 1, "lease_seconds": None, "rules": RULES}


def test_two_asks_get_two_cells(acting: Acting, study: str) -> None:
    """The second waits for the first, and sees what it took."""
    first = Held(acting, ask, study, **asking("a"))
    second = begin(acting, ask, study, **asking("b"))

    one, two = first.commit().trials[0], second.result(10).trials[0]
    assert (one.number, two.number) == (1, 2)
    assert one.cell != two.cell


def test_two_asks_of_one_worker_get_the_same_trial(acting: Acting, study: str) -> None:
    """It asked again because it was impatient."""
    first = Held(acting, ask, study, **asking("a"))
    second = begin(acting, ask, study, **asking("a"))

    assert first.commit().trials[0].number == second.result(10).trials[0].number == 1


def test_two_results_of_one_trial_count_once(acting: Acting, study: str) -> None:
    """The same value is a repeat, another one a conflict."""
    number = acting.lease(study).number
    first = Held(acting, tell.observe, study, number, value=1.0)
    same = begin(acting, tell.observe, study, number, value=1.0)
    other = begin(acting, tell.observe, study, number, value=2.0)

    assert first.commit().replayed is False
    assert same.result(10).replayed is True
    assert isinstance(other.exception(10), errors.ObservationConflictError)
    assert acting.study(study).observations == 1


def test_a_result_that_meets_its_expiry_counts(acting: Acting, study: str) -> None:
    """Whichever is first."""
    one, two = acting.ask(study, count=2).trials
    acting.clock.advance(61)
    expiry = Held(acting, expire.expire, study)
    late = begin(acting, tell.observe, study, one.number, value=1.0)
    expiry.commit()
    assert late.result(10).late is True

    result = Held(acting, tell.observe, study, two.number, value=1.0)
    sweep = begin(acting, expire.expire, study)
    result.commit()
    sweep.result(10)
    assert acting.trial(study, two.number).state == "completed"
    assert acting.study(study).observations == 2


def test_an_ask_that_meets_a_new_list_takes_a_free_cell(acting: Acting, study: str) -> None:
    """The list is published around the cell that went."""
    acting.do(tell.observe, study, acting.lease(study).number, value=1.0)
    task = acting.look(updates.task, study)
    assert task is not None
    update = compute_update(task.recipe, None)
    asked = Held(acting, ask, study, **asking("a"))
    published = begin(acting, updates.publish, task, update)

    cell = asked.commit().trials[0].cell
    assert published.result(10) is True
    rest = {trial.cell for trial in acting.ask(study, "b", count=9).trials}
    assert len(rest) == 7
    assert cell not in rest


def once(c: Connection, study: str, *, now: Any, worker: str | None = None) -> Answer:
    """Ask with a key."""

    def render(asked: Asked) -> tuple[int, str]:
        return 201, str(asked.trials[0].number)

    return idempotency.once(
        c, ONCE, lambda c: ask(c, study, now=now, **asking(worker)), render, now=now
    )


def test_a_retry_that_overlaps_its_first_attempt_looks_again(acting: Acting, study: str) -> None:
    """It is undone, and the second look finds the first answer."""
    first = Held(acting, once, study)
    second = begin(acting, once, study)

    answer = first.commit()
    assert isinstance(second.exception(10), OverlapError)
    assert acting.do(once, study) == Answer(201, answer.body, replayed=True)
    assert acting.study(study).counts == {"active": 1}


def test_a_retry_that_is_refused_for_what_its_first_attempt_did(acting: Acting, study: str) -> None:
    """The refusal is not the answer: the first attempt's is."""
    acting.ask(study, None, count=8)
    first = Held(acting, once, study)
    second = begin(acting, once, study)

    first.commit()
    assert isinstance(second.exception(10), OverlapError)


def test_many_at_once_get_different_cells(acting: Acting, study: str) -> None:
    """Nine workers, nine cells, no error."""
    now = acting.clock()
    futures = [
        acting.database.write(lambda c, w=f"w{i}": ask(c, study, now=now, **asking(w)))  # type: ignore[misc]
        for i in range(9)
    ]

    assert {future.result(20).trials[0].cell for future in futures} == set(range(9))
