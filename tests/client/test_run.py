"""`study.run`: a whole worker, alone or side by side, in threads or processes."""

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from beliefgrid_client import Client, InfeasibleError, NoAnswerError, Retry, Study, Trial
from tests.client.bumpy import Reply, Seen, bumpy_road
from tests.support.waiting import wait_until

AXES = {"x": [1, 2, 3], "y": [1, 2]}


@pytest.fixture
def study(server_url: str, request: pytest.FixtureRequest) -> Study:
    """A study of six cells of its own."""
    return Client(server_url).create(request.node.name, parameters=AXES)


def square(x: int, y: int) -> float:
    """Return what is least at (2, 1)."""
    return (x - 2) ** 2 + y


def test_one_worker_tries_every_cell(study: Study) -> None:
    """The run ends when the grid is exhausted, and the best is the true best."""
    summary = study.run(square)

    assert (summary.completed, summary.failed, summary.ended) == (6, 0, "exhausted")
    assert study.best().assignments == {"x": 2, "y": 1}


@pytest.mark.parametrize("processes", [False, True])
def test_workers_side_by_side_share_the_grid(study: Study, *, processes: bool) -> None:
    """Three workers try six cells once each, whether they are threads or processes."""
    summary = study.run(square, workers=3, processes=processes, worker="team")

    assert (summary.completed, summary.ended) == (6, "exhausted")
    assert len({record.cell for record in study.trials()}) == 6
    assert {record.worker for record in study.trials()} <= {"team-1", "team-2", "team-3"}


def test_what_goes_wrong_in_a_function_is_reported(study: Study) -> None:
    """An exception is a failure, InfeasibleError and NaN are infeasible; the run goes on."""

    def fragile(x: int, y: int) -> float:
        if x == 1:
            raise InfeasibleError("x is too small")
        if (x, y) == (2, 2):
            return float("nan")
        return float(y)

    summary = study.run(fragile)

    assert (summary.completed, summary.infeasible) == (3, 3)
    reasons = {record.reason for record in study.trials(state="infeasible")}
    assert reasons == {"x is too small", "the result is nan"}


def test_a_failure_is_counted_and_its_cell_is_tried_again(study: Study) -> None:
    """A machine's fault does not cost the cell."""
    is_first = iter([True])

    def once_bad(x: int, y: int) -> float:
        if next(is_first, False):
            raise OSError("the disk is full")
        return square(x, y)

    summary = study.run(once_bad)

    assert (summary.completed, summary.failed) == (6, 1)
    (record,) = study.trials(state="failed")
    assert record.reason == "OSError: the disk is full"


def test_several_metrics_and_the_trial_itself(study: Study) -> None:
    """A function may take the trial, measure on the way, and return values by name."""
    seen: list[int] = []

    def train(trial: Trial) -> dict[str, float]:
        trial.measure(1, 9.0)
        return {"value": float(trial.number)}

    summary = study.run(
        train, pass_trial=True, max_trials=2, on_result=lambda trial, _: seen.append(trial.number)
    )

    assert (summary.completed, summary.ended) == (2, "max_trials")
    assert seen == [1, 2]


def test_a_run_ends_after_the_trial_at_hand_when_it_is_told_to(study: Study) -> None:
    """A service that shuts down loses nothing."""
    stop = threading.Event()

    def train(x: int, y: int) -> float:
        stop.set()
        return float(x + y)

    summary = study.run(train, stop=stop)

    assert (summary.completed, summary.ended) == (1, "interrupted")


def test_a_trial_that_a_person_deleted_does_not_end_the_run(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused result is logged with its value, and the worker goes on."""

    def train(trial: Trial) -> float:
        if trial.number == 1:
            study.connection.call("DELETE", f"/studies/{study.id}/trials/1")
        return 0.75

    summary = study.run(train, pass_trial=True, max_trials=3)

    assert summary.completed == 3
    assert "trial 1: the result 0.75 is refused" in caplog.text


def test_a_paused_study_is_waited_for() -> None:
    """A worker waits as long as the service says, and goes on when it may."""
    waited: list[float] = []
    paused = Reply(409, {"code": "paused", "detail": "the study is paused"}, {"Retry-After": "1"})
    ended = Reply(409, {"code": "converged", "detail": "the study has converged"})
    answers = iter([paused, paused, ended])

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("/suggestions"):
            waited.append(time.monotonic())
            return next(answers)
        return Reply(200, {"id": "st_1", "name": "s"})

    with bumpy_road(answer) as road:
        summary = Client(road.url).study("st_1").run(square)

    assert summary.ended == "converged"
    assert waited[1] - waited[0] >= 0.5


def test_a_service_that_never_answers_ends_the_run_with_its_error() -> None:
    """All workers give up: the caller gets the reason, not an empty summary."""
    with bumpy_road(lambda _: Reply(200, {"id": "st_1", "name": "s"})) as road:
        study = Client(road.url, retry=Retry(patience_s=0)).study("st_1")

    with pytest.raises(NoAnswerError):
        study.run(square, workers=2)


SCRIPT = """
    import sys, time
    from beliefgrid_client import Client

    def slow(x, y):
        print("started", flush=True)
        time.sleep(1.0)
        return x + y

    if __name__ == "__main__":
        study = Client(sys.argv[1]).study(sys.argv[2])
        print(study.run(slow, workers=2, processes=sys.argv[3] == "processes").ended, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_ctrl_c_lets_the_workers_finish(
    study: Study, server_url: str, kind: str, tmp_path: Path
) -> None:
    """Ctrl-C loses no result: what was being tried is finished and told."""
    script, log = tmp_path / "work.py", tmp_path / "log"
    script.write_text(textwrap.dedent(SCRIPT))
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, script, server_url, study.id, kind], stdout=out, stderr=out
        )
    wait_until(lambda: log.read_text().count("started") >= 2, log=log)
    process.send_signal(2)

    assert process.wait(timeout=20) == 0, log.read_text()
    assert log.read_text().splitlines()[-1] == "interrupted"
    states = [record.state for record in study.trials()]
    assert states.count("completed") == log.read_text().count("started")
    assert "active" not in states
