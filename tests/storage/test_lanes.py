"""Which changes of studies share a transaction on Postgres."""

from concurrent.futures import Future

from beliefgrid.storage.group import BATCH, Change
from beliefgrid.storage.lanes import SLOW_S, Lanes


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def change() -> Change:
    """Return a change that does nothing."""
    return Change(lambda _c: None, Future())


def test_what_waits_is_taken_together_in_the_order_of_studies() -> None:
    """One thread for all of it; changes of one study stay in their order."""
    lanes = Lanes(2)
    b1, a1, b2 = change(), change(), change()

    assert [lanes.add("b", b1), lanes.add("a", a1), lanes.add("b", b2)] == [True, False, False]
    assert list(lanes.batches()) == [[a1, b1, b2]]
    assert lanes.add("a", change())  # that thread ended


def test_what_comes_meanwhile_is_the_next_batch() -> None:
    """The thread that writes goes on with it."""
    lanes = Lanes(2)
    first, second = change(), change()

    lanes.add("a", first)
    batches = lanes.batches()
    assert next(batches) == [first]
    assert not lanes.add("a", second)
    assert list(batches) == [[second]]


def test_a_study_that_is_held_up_does_not_hold_up_others() -> None:
    """Another thread takes the others, and leaves it where it is."""
    ticks = Ticks()
    lanes = Lanes(2, ticks)
    lanes.add("a", change())
    held_up = lanes.batches()
    next(held_up)

    ticks.time += 2 * SLOW_S
    later, other = change(), change()
    assert not lanes.add("a", later)
    assert lanes.add("b", other)
    assert list(lanes.batches()) == [[other]]
    assert list(held_up) == [[later]]


def test_there_are_no_more_threads_than_allowed() -> None:
    """What is too much waits for one of them."""
    ticks = Ticks()
    lanes = Lanes(1, ticks)
    lanes.add("a", change())
    writing = lanes.batches()
    next(writing)
    ticks.time += 2 * SLOW_S
    waits = change()

    assert not lanes.add("b", waits)
    assert list(writing) == [[waits]]


def test_a_batch_is_bounded() -> None:
    """What does not fit in is the next one, in order."""
    lanes = Lanes(2)
    changes = [change() for _ in range(BATCH + 3)]
    for one in changes:
        lanes.add("a", one)

    assert [len(batch) for batch in lanes.batches()] == [BATCH, 3]
