"""The client against the real service: ask, tell, fail, keep, give back, look."""

import threading
import time
from pathlib import Path

import pytest

from beliefgrid_client import (
    Client,
    ExhaustedError,
    InvalidInputError,
    LeaseLostError,
    ObservationConflictError,
    Retry,
    Study,
    TrialFinishedError,
    UnknownError,
)
from tests.client.bumpy import Reply, bumpy_road, leading_to

FAST = Retry(first_s=0.001, longest_s=0.01)
AXES: dict[str, list[float]] = {"learning_rate": [0.001, 0.01, 0.1], "latent_dim": [8, 16, 32]}


@pytest.fixture
def client(server_url: str) -> Client:
    """A client of the real service."""
    return Client(server_url)


@pytest.fixture
def study(client: Client, request: pytest.FixtureRequest) -> Study:
    """A study of nine cells of its own."""
    return client.create(
        request.node.name, parameters=AXES, metrics=[{"name": "mse", "goal": "minimize"}]
    )


def test_a_study_is_found_by_id_and_by_name(client: Client, study: Study) -> None:
    """People remember names, programs keep ids."""
    assert client.study(study.id).name == study.name
    assert client.study(study.name).id == study.id
    assert study.id in {info.id for info in client.studies(q=study.name)}


def test_an_unknown_study_is_an_error_of_its_own(client: Client) -> None:
    """A typing error in a name is not mistaken for a lost connection."""
    with pytest.raises(UnknownError, match=r"no such study|no study"):
        client.study("no such study")


def test_axes_can_be_given_as_plain_lists(study: Study) -> None:
    """Numbers become ordered axes with the values as they are."""
    info = study.info()

    assert info.n_cells == 9
    assert [p["kind"] for p in info.parameters] == ["ordered", "ordered"]
    assert info.parameters[0]["values"] == [0.001, 0.01, 0.1]


def test_text_becomes_a_categorical_axis(client: Client) -> None:
    """What has no order is not given one."""
    study = client.create("text", parameters={"optimizer": ["adam", "sgd"], "flag": [True, False]})

    assert [p["kind"] for p in study.info().parameters] == ["categorical", "categorical"]


def test_ask_and_tell(study: Study) -> None:
    """The loop of one worker: ask, read the values by name, tell, see the best."""
    trial = study.ask(worker="w")
    record = trial.tell(0.25, stddev=0.01, metadata={"epochs": 3})

    assert set(trial.assignments) == set(AXES)
    assert trial["latent_dim"] in (8, 16, 32)
    assert (record.state, record.value, record.worker) == ("completed", 0.25, "w")
    assert record.duration is not None
    assert study.best().assignments == trial.assignments


def test_telling_by_number(study: Study) -> None:
    """A result can come from another process that kept only the number."""
    number = study.ask(heartbeat=False).number

    assert study.tell(number, 0.5).value == 0.5
    other = study.ask(heartbeat=False).number
    assert study.fail(other, "too little memory", kind="infeasible").state == "infeasible"


def test_the_same_result_again_does_no_harm_and_another_is_refused(study: Study) -> None:
    """A result counts once; a second one is named beside the first."""
    trial = study.ask()
    trial.tell(0.25)

    assert trial.tell(0.25).value == 0.25
    with pytest.raises(ObservationConflictError) as caught:
        trial.tell(0.5)
    assert (caught.value.problem["stored"], caught.value.problem["given"]) == (0.25, 0.5)
    assert study.info().observations == 1


def test_a_block_that_raises_reports_a_failure(study: Study) -> None:
    """The reason is the exception; the exception goes on."""
    with pytest.raises(MemoryError), study.ask() as trial:
        raise MemoryError("the card is full\x07")

    (record,) = study.trials(state="failed")
    assert (record.number, record.reason) == (trial.number, "MemoryError: the card is full ")


def test_a_block_that_tells_nothing_gives_the_trial_back(study: Study) -> None:
    """No cell is blocked by a worker that changed its mind, or by Ctrl-C."""
    with pytest.raises(KeyboardInterrupt), study.ask() as trial:
        raise KeyboardInterrupt

    again = study.ask()
    assert again.number == trial.number
    with pytest.raises(LeaseLostError):
        trial.tell(0.1)
    again.release()


def test_the_lease_is_kept_in_the_background(study: Study) -> None:
    """A trial outlives its lease as long as its worker lives."""
    trial = study.ask(lease_seconds=1)
    time.sleep(1.6)

    assert [record.number for record in study.trials(state="active")] == [trial.number]
    trial.tell(0.5)


def test_a_trial_that_nobody_holds_is_left_to_expire(study: Study) -> None:
    """A forgotten trial is not kept for ever: only a weak reference keeps it."""
    trial = study.ask(lease_seconds=1)
    pulse = study._pulse(1)
    assert pulse._patients

    del trial
    deadline = time.monotonic() + 5
    while pulse._patients and time.monotonic() < deadline:
        time.sleep(0.02)

    assert not pulse._patients


def test_a_heartbeat_carries_the_word_to_stop(study: Study) -> None:
    """When a person stops a trial, its worker hears of it."""
    trial = study.ask(lease_seconds=1)
    study.connection.post(f"/studies/{study.id}/trials/{trial.number}/stop", {})

    deadline = time.monotonic() + 5
    while not trial.should_stop and time.monotonic() < deadline:
        time.sleep(0.02)

    assert trial.should_stop
    with pytest.raises(TrialFinishedError):
        trial.tell(1.0)


def test_measurements_are_answered_with_a_directive(study: Study) -> None:
    """A learning curve goes to the service as it grows; its last value can be the result."""
    trial = study.ask()

    assert trial.measure(1, 0.9) == "continue"
    assert trial.measure(2, 0.7) == "continue"
    assert trial.tell().value == 0.7


def test_queued_and_added_combinations(study: Study) -> None:
    """A combination queued by hand is the next one out; a result from elsewhere counts."""
    queued = study.queue({"learning_rate": 0.1, "latent_dim": 8})
    added = study.add({"learning_rate": 0.01, "latent_dim": 32}, 0.15)

    assert study.ask().number == queued.number
    assert (added.state, added.value) == ("completed", 0.15)


def test_the_posterior_is_a_matrix(study: Study) -> None:
    """Rows are y, columns are x, and the whole sums to one."""
    study.ask().tell(0.25)
    study.ask(wait_seconds=30).release()

    found = study.posterior(x="learning_rate", y="latent_dim")

    assert found.x_values == [0.001, 0.01, 0.1]
    assert found.y_values == [8, 16, 32]
    assert [len(row) for row in found.z] == [3, 3, 3]
    assert sum(p or 0.0 for row in found.z for p in row) == pytest.approx(1.0)


def test_the_stopping_advice_has_reasons(study: Study) -> None:
    """Whether to stop is a word and its reasons."""
    advice = study.stopping()

    assert advice.should_stop is False
    assert isinstance(advice.reasons, list)


def test_all_trials_come_page_by_page(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is complete, however small its pages."""
    monkeypatch.setattr("beliefgrid_client.study.PAGE", 2)
    numbers = [study.ask(heartbeat=False).number for _ in range(5)]

    assert sorted(record.number for record in study.trials()) == numbers


def test_bad_input_is_refused_with_its_code(client: Client) -> None:
    """Log scale with zero: the sentence comes from the service."""
    axis = {"name": "x", "kind": "ordered", "values": [0, 1], "scale": "log"}

    with pytest.raises(InvalidInputError, match="log"):
        client.create("bad", parameters=[axis])


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_a_bumpy_road(client: Client, study: Study) -> None:
    """Requests get lost, answers get lost, requests arrive twice: each result counts once."""
    bumps: list[str | Reply] = ["lost", "unanswered", "twice", "cut", "none"]
    with bumpy_road(leading_to(client.connection.url), bumps * 20) as road:
        worker = Client(road.url, retry=FAST).study(study.id)
        told = {}
        for value in range(9):
            trial = worker.ask(heartbeat=False)
            told[trial.number] = trial.tell(value / 8).value

    stored = {record.number: record.value for record in study.trials()}
    assert stored == told
    assert len({record.cell for record in study.trials()}) == 9
    with pytest.raises(ExhaustedError):
        study.ask()


def test_a_result_outlives_the_service(client: Client, study: Study, tmp_path: Path) -> None:
    """A result that could not be told is told by the next run with the same spool."""
    trial = study.ask(heartbeat=False)
    with bumpy_road() as road:
        gone = road.url
    away = Client(gone, spool=tmp_path, retry=Retry(patience_s=0, result_patience_s=0))
    trial._connection = away.connection
    with pytest.raises(Exception, match="no answer"):
        trial.tell(0.125)

    assert Client(client.connection.url, spool=tmp_path).deliver_spooled() == 1
    (record,) = study.trials()
    assert (record.state, record.value) == ("completed", 0.125)


def test_many_threads_share_one_client(study: Study) -> None:
    """One client serves all threads of a program."""
    told: list[int] = []

    def work() -> None:
        trial = study.ask(heartbeat=False)
        trial.tell(0.5)
        told.append(trial.number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [1, 2, 3, 4, 5, 6]
