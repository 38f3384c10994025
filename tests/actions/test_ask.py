"""A worker asks: what it gets, in which order, and what an empty hand says."""

from dataclasses import replace
from functools import partial

import pytest

from beliefgrid.actions import errors, expire, manage, queue, read, tell, trials_edit, workers
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.release import release
from tests.actions.conftest import Acting


def test_a_suggestion_says_all_that_a_worker_needs(acting: Acting, study: str) -> None:
    """Number, cell, assignments in the user's own values, lease, and why."""
    asked = acting.ask(study, "gpu-1")

    trial = asked.trials[0]
    assert (trial.number, trial.state, trial.worker) == (1, "active", "gpu-1")
    assert set(trial.assignments) == {"rate", "size"}
    assert isinstance(trial.assignments["size"], int)
    assert trial.lease is not None
    assert trial.lease["worker"] == "gpu-1"
    assert (trial.lease["expires_at"] - acting.clock()).total_seconds() == 60
    assert trial.lease["token"]
    assert trial.explanation is not None
    assert trial.explanation["sentence"]
    assert (asked.seq, asked.stale, asked.reused) == (1, False, False)


def test_no_cell_is_suggested_twice(acting: Acting, study: str) -> None:
    """Until all nine are out; then the hand is empty, and says when to come again."""
    cells = {acting.lease(study, f"w{i}").cell for i in range(9)}

    assert cells == set(range(9))
    with pytest.raises(errors.AllLeasedError) as caught:
        acting.ask(study, "late")
    assert caught.value.retry_after


def test_several_trials_at_once(acting: Acting, study: str) -> None:
    """As many as there are, if there are fewer than asked for."""
    assert [trial.number for trial in acting.ask(study, count=7).trials] == list(range(1, 8))
    assert len(acting.ask(study, "other", count=7).trials) == 2


def test_a_worker_gets_its_own_open_trials_first(acting: Acting, study: str) -> None:
    """It may have lost the answer; the lease starts anew and the token stays."""
    first = acting.lease(study, "w")
    acting.clock.advance(30)
    again = acting.ask(study, "w")

    assert again.reused
    assert again.trials[0].number == first.number
    assert again.trials[0].lease is not None
    assert first.lease is not None
    assert again.trials[0].lease["token"] == first.lease["token"]
    assert (again.trials[0].lease["expires_at"] - acting.clock()).total_seconds() == 60
    assert [trial.number for trial in acting.ask(study, "w", count=2).trials] == [1, 2]


def test_workers_without_a_name_get_nothing_back(acting: Acting, study: str) -> None:
    """They cannot be told apart."""
    assert [acting.lease(study, None).number for _ in range(3)] == [1, 2, 3]


def test_queued_trials_come_before_suggestions(acting: Acting, study: str) -> None:
    """In the order in which they were queued, and their cells are not suggested besides."""
    for size in (32, 8):
        acting.do(queue.queue_trial, study, assignments={"rate": 0.1, "size": size})

    asked = acting.ask(study, count=9).trials

    assert [trial.number for trial in asked[:2]] == [1, 2]
    assert {trial.cell for trial in asked} == set(range(9))


def test_a_walk_fills_in_when_the_list_is_used_up(acting: Acting) -> None:
    """Without any snapshot there is no list, and every cell is found all the same."""
    study = acting.create()

    cells = [acting.lease(study, f"w{i}").cell for i in range(9)]

    assert sorted(cell for cell in cells if cell is not None) == list(range(9))
    with pytest.raises(errors.AllLeasedError):
        acting.ask(study, "late")


def test_a_cell_that_is_free_again_is_found(acting: Acting) -> None:
    """By the walk too, behind where it has come to."""
    study = acting.create()
    trials = [acting.lease(study, f"w{i}") for i in range(9)]
    acting.do(trials_edit.delete_trial, study, trials[4].number)

    assert acting.lease(study, "late").cell == trials[4].cell


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("paused", errors.StudyPausedError),
        ("exhausted", errors.StudyExhaustedError),
        ("converged", errors.StudyConvergedError),
        ("archived", errors.StudyArchivedError),
    ],
)
def test_a_closed_study_says_why(
    acting: Acting, study: str, state: str, error: type[Exception]
) -> None:
    """Each state has its own answer."""
    acting.do(manage.patch_study, study, changes={"state": state})

    with pytest.raises(error):
        acting.ask(study)


def test_an_unknown_study(acting: Acting) -> None:
    """It says what was expected."""
    with pytest.raises(errors.StudyUnknownError, match="expected the id"):
        acting.ask("st_none")


def test_a_tested_grid_is_exhausted(acting: Acting, study: str) -> None:
    """The last result ends the study."""
    for trial in acting.ask(study, count=9).trials:
        acting.do(tell.observe, study, trial.number, value=1.0 + trial.number)

    assert acting.study(study).state == "exhausted"
    assert acting.study(study).state_reason == "all 9 cells of the grid are tested"
    with pytest.raises(errors.StudyExhaustedError, match="all 9 cells"):
        acting.ask(study)


def test_a_budget_of_trials_counts_open_ones(acting: Acting) -> None:
    """What is out is spent, what failed is not."""
    study = acting.create(budget={"trials": 2})
    acting.update(study)
    asked = acting.ask(study, count=5).trials
    assert len(asked) == 2
    with pytest.raises(errors.AllLeasedError):
        acting.ask(study, "other")

    acting.do(tell.fail, study, 1, kind="failed", reason="x")
    assert acting.lease(study, "other").number == 3
    acting.do(tell.observe, study, 2, value=1.0)
    acting.do(tell.observe, study, 3, value=1.0)

    assert acting.study(study).state_reason == "the budget of 2 trials is spent"


def test_a_budget_of_seconds_begins_with_the_first_ask(acting: Acting) -> None:
    """Late results still count."""
    study = acting.create(budget={"seconds": 100})
    acting.update(study)
    acting.clock.advance(1000)
    acting.lease(study, lease_seconds=500)
    acting.clock.advance(100)

    with pytest.raises(errors.StudyExhaustedError, match="seconds"):
        acting.ask(study, "other")
    assert acting.do(tell.observe, study, 1, value=1.0).state == "completed"
    acting.do(expire.end_out_of_time, study)  # as the sweeper does
    assert acting.study(study).state == "exhausted"


def test_a_sequential_ask_waits_for_the_newest_posterior(acting: Acting, study: str) -> None:
    """With one result missing it waits; with more it goes on and says so; told to, it waits."""
    for number, trial in enumerate(acting.ask(study, count=2).trials):
        acting.do(tell.observe, study, trial.number, value=1.0 + number)
        if number == 0:
            with pytest.raises(errors.PosteriorBehindError):
                acting.ask(study, "x", patience="one")

    with pytest.raises(errors.PosteriorBehindError):
        acting.ask(study, "x", patience="all")
    assert acting.ask(study, "x", patience="one").stale
    acting.update(study)
    asked = acting.ask(study, "y", patience="all")
    assert not asked.stale
    assert asked.seq == acting.study(study).result_seq


def lack_one_result(
    acting: Acting, study: str, *, took_ms: float, is_overtaken: bool = False
) -> None:
    """Have one result more than the posterior knows; it may have come while that was computed."""
    first, second = (trial.number for trial in acting.ask(study, count=2).trials)
    acting.do(tell.observe, study, first, value=1.0)
    task = acting.look(updates.task, study)
    assert task is not None
    update = replace(compute_update(task.recipe, None, task.n_queue), elapsed_ms=took_ms)
    publish = partial(acting.do, updates.publish, task, update)
    observe = partial(acting.do, tell.observe, study, second, value=2.0)
    for step in (observe, publish) if is_overtaken else (publish, observe):
        step()


@pytest.mark.parametrize("took_ms", [50.0, 2000.0])
def test_a_worker_alone_waits_however_long_an_update_takes(
    acting: Acting, study: str, took_ms: float
) -> None:
    """Nobody else holds a trial: the next suggestion knows the newest result."""
    lack_one_result(acting, study, took_ms=took_ms)
    acting.clock.advance(10)

    with pytest.raises(errors.PosteriorBehindError):
        acting.ask(study, "w", patience="one")


def test_a_worker_beside_others_waits_for_a_quick_update(acting: Acting, study: str) -> None:
    """Updates are quick and keep up: what it told is in its next suggestion; but no longer."""
    acting.lease(study, "other")
    lack_one_result(acting, study, took_ms=50.0)

    with pytest.raises(errors.PosteriorBehindError):
        acting.ask(study, "w", patience="one")
    acting.clock.advance(1)
    assert acting.ask(study, "w", patience="one").stale


def test_a_worker_beside_others_does_not_wait_for_a_slow_update(acting: Acting, study: str) -> None:
    """Updates take long: it is given what is there."""
    acting.lease(study, "other")
    lack_one_result(acting, study, took_ms=2000.0)

    assert acting.ask(study, "w", patience="one").stale


def test_nobody_waits_if_results_come_faster_than_updates(acting: Acting, study: str) -> None:
    """The missing result came while the newest posterior was computed; the next one will, too."""
    lack_one_result(acting, study, took_ms=50.0, is_overtaken=True)

    assert acting.ask(study, "w", patience="one").stale


def test_results_that_came_together_are_one_snapshot(acting: Acting, study: str) -> None:
    """Three results, one update; then there is nothing to do."""
    for trial in acting.ask(study, count=3).trials:
        acting.do(tell.observe, study, trial.number, value=1.0 + trial.number)

    assert acting.update(study)
    assert not acting.update(study)
    snapshots = acting.look(read.snapshots, study)
    assert [snapshot.n_observations for snapshot in snapshots] == [0, 3]


def test_a_list_from_the_past_offers_no_cell_that_went(acting: Acting, study: str) -> None:
    """Cells leased or told while an update was computed are not on its list."""
    acting.do(tell.observe, study, acting.lease(study).number, value=1.0)
    task = acting.look(updates.task, study)
    assert task is not None
    gone = {trial.cell for trial in acting.ask(study, "a", count=4).trials}

    assert acting.publish(task)

    rest = {trial.cell for trial in acting.ask(study, "b", count=9).trials}
    assert len(rest) == 4
    assert not rest & gone


def test_an_older_update_does_not_replace_a_newer_one(acting: Acting, study: str) -> None:
    """Whoever is late is refused."""
    acting.do(tell.observe, study, acting.lease(study).number, value=1.0)
    old = acting.look(updates.task, study)
    assert old is not None
    acting.do(tell.observe, study, acting.lease(study).number, value=2.0)
    acting.update(study)

    assert acting.publish(old) is False
    assert acting.study(study).snapshot_seq == acting.study(study).result_seq


def test_a_released_trial_goes_to_the_next_worker(acting: Acting, study: str) -> None:
    """Under the same number, with a new token."""
    first = acting.lease(study, "a")
    acting.do(release, study, first.number)
    assert acting.trial(study, first.number).state == "queued"

    second = acting.lease(study, "b")
    assert second.number == first.number
    assert first.lease is not None
    assert second.lease is not None
    assert second.lease["token"] != first.lease["token"]


def test_a_failing_worker_is_quarantined(acting: Acting, study: str) -> None:
    """After five failures running; a person or a success of its own elsewhere releases it."""
    for _ in range(5):
        trial = acting.lease(study, "bad")
        acting.do(tell.fail, study, trial.number, kind="failed", reason="no GPU")
    with pytest.raises(errors.WorkerQuarantinedError, match="5 times"):
        acting.ask(study, "bad")
    assert [w.is_quarantined for w in acting.look(read.workers, study)] == [True]
    assert acting.lease(study, "good").number == 6

    acting.do(workers.release_worker, study, "bad")
    assert acting.lease(study, "bad").number == 7
    with pytest.raises(errors.WorkerUnknownError):
        acting.do(workers.release_worker, study, "nobody")


def test_success_in_another_study_ends_a_quarantine(acting: Acting, study: str) -> None:
    """Then it was not the worker."""
    for _ in range(5):
        trial = acting.lease(study, "w")
        acting.do(tell.fail, study, trial.number, kind="failed", reason="x")
    other = acting.create()
    acting.clock.advance(1)
    acting.do(tell.observe, other, acting.lease(other, "w").number, value=1.0)

    assert acting.lease(study, "w").state == "active"


def test_a_success_between_failures_starts_the_count_anew(acting: Acting, study: str) -> None:
    """Five running, not five in all."""
    for i in range(8):
        trial = acting.lease(study, "w")
        if i == 4:
            acting.do(tell.observe, study, trial.number, value=1.0)
        else:
            acting.do(tell.fail, study, trial.number, kind="failed", reason="x")

    assert acting.lease(study, "w").state == "active"


def test_a_cell_that_fails_again_and_again_is_infeasible(acting: Acting, study: str) -> None:
    """After as many retries as the study allows, with the reason; the study goes on."""
    cell = acting.lease(study, "w0").cell
    for i in range(3):
        trial = acting.lease(study, f"w{i}")
        assert (trial.cell, trial.attempt) == (cell, i + 1)
        failed = acting.do(tell.fail, study, trial.number, kind="failed", reason="it broke")

    assert failed.state == "infeasible"
    assert failed.reason is not None
    assert "it broke" in failed.reason
    assert acting.do(tell.fail, study, 3, kind="failed", reason="it broke").replayed
    assert acting.lease(study, "w3").cell != cell
    assert acting.study(study).cells_tested == 1
