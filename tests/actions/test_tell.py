"""A worker tells: each result counts once, and nothing that a worker sends is lost in silence."""

import math
from typing import Any

import pytest

from beliefgrid.actions import errors, queue, read, tell
from beliefgrid.actions.heartbeat import heartbeat
from beliefgrid.actions.release import release, stop
from beliefgrid.search import SearchError
from tests.actions.conftest import Acting

WRONG = "wröng"


def observe(acting: Acting, study: str, number: int, value: float | None = 1.0, **said: Any) -> Any:
    """Tell a result."""
    return acting.do(tell.observe, study, number, value=value, **said)


def test_a_result_counts_once(acting: Acting, study: str) -> None:
    """The same again changes nothing; another one is a conflict that names both."""
    number = acting.lease(study).number
    first = observe(acting, study, number, 0.5, stddev=0.1, duration=3.0, metadata={"k": 1})
    again = observe(acting, study, number, 0.5)

    assert (first.state, first.value, first.observations, first.replayed) == (
        "completed", 0.5, 1, False,
    )  # fmt: skip
    assert again.replayed
    assert (again.stddev, again.duration, again.metadata) == (0.1, 3.0, {"k": 1})
    with pytest.raises(errors.ObservationConflictError) as caught:
        observe(acting, study, number, 0.6)
    assert (caught.value.stored, caught.value.given) == (0.5, 0.6)
    assert acting.study(study).observations == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_result_is_a_finite_number(acting: Acting, study: str, value: float) -> None:
    """The error names the way for a diverged run, and nothing is stored."""
    number = acting.lease(study).number

    with pytest.raises(errors.NonFiniteValueError, match="infeasible"):
        observe(acting, study, number, value)
    with pytest.raises(errors.NonFiniteValueError):
        observe(acting, study, number, None, values={"loss": value})
    assert acting.trial(study, number).state == "active"


def test_values_by_name(acting: Acting) -> None:
    """The objective may come among other metrics; unknown names are refused."""
    metrics = [{"name": "loss"}, {"name": "time", "role": "record"}]
    study = acting.create(metrics=metrics)
    number = acting.lease(study).number

    with pytest.raises(errors.MetricUnknownError, match="loss, time"):
        observe(acting, study, number, None, values={"los": 1.0})
    with pytest.raises(errors.ValueMissingError, match="'loss'"):
        observe(acting, study, number, None, values={"time": 1.0})
    assert observe(acting, study, number, None, values={"loss": 2.0, "time": 1.0}).value == 2.0


def test_a_loss_that_the_likelihood_cannot_use(acting: Acting) -> None:
    """`inverse_loss` needs a positive one."""
    study = acting.create(strategy={"likelihood": "inverse_loss"})
    number = acting.lease(study).number

    with pytest.raises(SearchError):
        observe(acting, study, number, -1.0)
    assert acting.study(study).observations == 0


def test_unknown_and_finished_trials(acting: Acting, study: str) -> None:
    """Each has its own error."""
    with pytest.raises(errors.TrialUnknownError):
        observe(acting, study, 7)
    number = acting.lease(study).number
    acting.do(tell.fail, study, number, kind="infeasible", reason="out of memory")
    with pytest.raises(errors.TrialFinishedError, match="infeasible"):
        observe(acting, study, number)
    with pytest.raises(errors.TrialFinishedError):
        acting.do(tell.fail, study, number, kind="failed", reason="x")
    assert acting.do(tell.fail, study, number, kind="infeasible", reason="x").replayed


def test_a_failed_cell_is_tried_again_an_infeasible_one_never(acting: Acting, study: str) -> None:
    """The machine's fault and the combination's."""
    first, second = acting.ask(study, "a", count=2).trials
    acting.do(tell.fail, study, first.number, kind="failed", reason="lost power")
    acting.do(tell.fail, study, second.number, kind="infeasible", reason="diverged")

    rest = acting.ask(study, "b", count=9).trials

    assert rest[0].cell == first.cell
    assert second.cell not in {trial.cell for trial in rest}
    assert len(rest) == 8
    assert acting.study(study).cells_tested == 1


def test_a_lease_token_is_checked_if_given(acting: Acting, study: str) -> None:
    """A bare curl works without."""
    trial = acting.lease(study)

    for act in (heartbeat, release):
        with pytest.raises(errors.LeaseMismatchError):
            acting.do(act, study, trial.number, lease_token=WRONG)
    with pytest.raises(errors.LeaseMismatchError):
        observe(acting, study, trial.number, lease_token=WRONG)
    assert trial.lease is not None
    assert observe(acting, study, trial.number, lease_token=trial.lease["token"]).value == 1.0


def test_measurements_are_kept_by_step(acting: Acting, study: str) -> None:
    """The same one again is no news, a different one at a step is a conflict."""
    number = acting.lease(study).number

    def measure(*pairs: tuple[int, float]) -> Any:
        rows = [{"step": step, "value": value} for step, value in pairs]
        return acting.do(tell.measure, study, number, measurements=rows)

    assert (measure((1, 0.9), (2, 0.8)).accepted, measure((2, 0.8), (3, 0.7)).duplicates) == (2, 1)
    with pytest.raises(errors.MeasurementConflictError, match="step 2"):
        measure((4, 0.5), (2, 0.1))
    assert [m["step"] for m in acting.look(read.measurements, study, number)] == [1, 2, 3]
    assert observe(acting, study, number, None).value == 0.7
    with pytest.raises(errors.TrialFinishedError):
        measure((5, 0.1))


def test_measurements_of_an_infeasible_trial_are_ignored(acting: Acting, study: str) -> None:
    """The worker is told to stop."""
    number = acting.lease(study).number
    acting.do(tell.fail, study, number, kind="infeasible", reason="x")

    said = acting.do(tell.measure, study, number, measurements=[{"step": 1, "value": 1.0}])
    assert (said.accepted, said.directive) == (0, "stop")


def test_completing_without_any_value(acting: Acting, study: str) -> None:
    """There is nothing to take."""
    number = acting.lease(study).number
    with pytest.raises(errors.ValueMissingError):
        observe(acting, study, number, None)


def test_a_stopped_trial_keeps_its_last_measurement(acting: Acting, study: str) -> None:
    """As data; stopping twice is stopping once; the worker hears of it."""
    number = acting.lease(study).number
    acting.do(tell.measure, study, number, measurements=[{"step": 1, "value": 0.4}])

    stopped = acting.do(stop, study, number)

    assert (stopped.state, stopped.value, stopped.observations) == ("stopped", 0.4, 1)
    assert acting.do(stop, study, number).replayed
    assert acting.do(heartbeat, study, number).directive == "stop"


def test_a_trial_stopped_without_data_is_cancelled(acting: Acting, study: str) -> None:
    """Its cell is free."""
    number = acting.lease(study).number

    assert acting.do(stop, study, number).state == "cancelled"
    assert acting.do(heartbeat, study, number).directive == "stop"
    assert len(acting.ask(study, "b", count=9).trials) == 9


def test_repeats_are_merged(acting: Acting, study: str) -> None:
    """Two completed trials in one cell are both data of that cell."""
    trial = acting.lease(study)
    observe(acting, study, trial.number, 1.0)
    acting.do(queue.queue_trial, study, assignments=trial.assignments, observation={"value": 3.0})
    acting.update(study)

    best = acting.look(read.best, study)
    assert (best.cell, best.observations) == (trial.cell, 2)
    assert acting.study(study).cells_tested == 1
    assert acting.study(study).observations == 2
