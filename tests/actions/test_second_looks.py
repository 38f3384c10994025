"""The last trials of a noisy study go to tested cells; the leases' rules hold for them, too."""

import pytest

from beliefgrid.actions import correct, errors, queue, read, tell
from beliefgrid.actions.release import release
from tests.actions.conftest import Acting

PARAMETERS = [
    {"name": "rate", "values": [1, 2, 3, 4, 5, 6], "scale": "linear"},
    {"name": "size", "values": [1, 2, 3, 4, 5, 6], "scale": "linear"},
]


def begun(acting: Acting, noise: str = "high") -> str:
    """Return a study that has two trials of its twenty left."""
    study = acting.create(parameters=PARAMETERS, noise=noise, budget={"trials": 20})
    acting.update(study)
    for _ in range(18):
        number = acting.lease(study).number
        acting.do(tell.observe, study, number, value=float((7 * number) % 5))
        acting.update(study)
    return study


def with_results(acting: Acting, study: str) -> set[int]:
    """Return the cells that have a result."""
    return {
        trial.cell
        for number in range(1, 19)
        if (trial := acting.trial(study, number)).cell is not None
    }


def test_the_last_trials_of_a_noisy_study_are_second_looks(acting: Acting) -> None:
    """Two workers get two tested cells, say so, and both results count beside the first ones."""
    study = begun(acting)
    known = with_results(acting, study)
    first, second = acting.lease(study, "a"), acting.lease(study, "b")

    assert len(known) == 18
    assert first.cell in known
    assert second.cell in known - {first.cell}
    assert first.explanation is not None
    assert first.explanation["rule"] == "repeat"
    for trial in (first, second):
        acting.do(tell.observe, study, trial.number, value=2.0)
    assert acting.update(study)
    assert acting.study(study).observations == 20
    assert acting.study(study).cells_tested == 18


def test_without_high_noise_no_cell_comes_twice(acting: Acting) -> None:
    """To the end of the budget."""
    study = begun(acting, noise="some")

    assert {acting.lease(study, name).cell for name in "ab"}.isdisjoint(with_results(acting, study))


def test_a_cell_is_with_one_worker_at_a_time(acting: Acting) -> None:
    """Neither an update nor a queued repeat of the same cell leads to a second lease."""
    study = begun(acting)
    first = acting.lease(study, "a")
    acting.do(correct.correct, study, 1, value=0.5)  # the list is made anew
    acting.update(study)

    assert acting.lease(study, "b").cell != first.cell


def test_a_queued_repeat_is_the_second_look(acting: Acting) -> None:
    """Who queues the leader again by hand gets no other look at it besides."""
    study = begun(acting)
    leader = acting.look(read.snapshot, study).summary["next"]
    acting.do(queue.queue_trial, study, assignments=leader["assignments"])

    cells = [acting.lease(study, name).cell for name in "ab"]

    assert cells[0] == leader["cell"]
    assert cells[1] != cells[0]


def test_a_second_look_that_is_given_back_is_for_the_next(acting: Acting) -> None:
    """As any trial is; the first result stays."""
    study = begun(acting)
    first = acting.lease(study, "a")
    acting.do(release, study, first.number)
    second = acting.lease(study, "b")

    assert (second.number, second.cell) == (first.number, first.cell)
    assert acting.study(study).observations == 18


def test_a_second_look_whose_worker_is_lost_takes_nothing_away(acting: Acting) -> None:
    """Its lease ends; the cell keeps its result, and others go on."""
    study = begun(acting)
    first = acting.lease(study, "a")
    acting.clock.advance(3600)
    others = acting.ask(study, "b", count=2).trials

    assert acting.trial(study, first.number).state == "expired"
    assert acting.study(study).observations == 18
    assert len({trial.cell for trial in others}) == 2


def test_the_budget_ends_with_them(acting: Acting) -> None:
    """Two second looks, and nothing more."""
    study = begun(acting)
    for name in "ab":
        acting.lease(study, name)

    with pytest.raises(errors.AllLeasedError):
        acting.ask(study, "c")
