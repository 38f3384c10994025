"""The service is killed between ask and tell, and nothing is lost: the promise, end to end."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from beliefgrid_client import Client, ExhaustedError, Retry, Study
from tests.support.server import free_port, running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
STUBBORN = Retry(first_s=0.01, longest_s=0.1)


def test_a_result_reaches_a_service_that_was_killed_meanwhile(
    database_url: str, tmp_path: Path
) -> None:
    """Ask, kill -9, start again, tell: the result counts once and the study goes on to its end."""
    port = free_port()
    with running_server(tmp_path, database_url, port=port) as server:
        study = _study(server.url, {"x": [1, 2, 3], "y": [1, 2, 3]})
        study.ask(heartbeat=False).tell(0.5)
        trial = study.ask(heartbeat=False)
        server.kill()

    telling = _in_background(lambda: trial.tell(0.25))  # nobody is there: it keeps trying
    with running_server(tmp_path, database_url, port=port):
        telling.join(timeout=30)
        values = {record.number: record.value for record in study.trials(state="completed")}
        assert values == {1: 0.5, trial.number: 0.25}
        summary = study.run(lambda x, y: float(x * y), max_trials=20)
        assert (summary.completed, summary.ended) == (7, "exhausted")
        with pytest.raises(ExhaustedError):
            study.ask()
        assert len({record.cell for record in study.trials()}) == 9


@pytest.mark.slow
def test_workers_do_not_notice_that_the_service_is_killed(sqlite_url: str, tmp_path: Path) -> None:
    """Three kills under four workers: every result that a worker told is there, once."""
    port = free_port()
    told: dict[int, float | None] = {}
    axes = {"x": list(range(9)), "y": list(range(8))}
    url = f"http://127.0.0.1:{port}"
    work: threading.Thread | None = None
    for kills in range(4):
        with running_server(tmp_path, sqlite_url, port=port) as server:
            if work is None:
                work = _in_background(lambda: _work(_study(url, axes), told))
            if kills < 3:
                wanted = 15 * (kills + 1)
                wait_until(lambda wanted=wanted: len(told) >= wanted)  # type: ignore[misc]
                server.kill()
                continue
            work.join(timeout=50)
            study = Client(url).study("kill")
            stored = {record.number: record.value for record in study.trials(state="completed")}

    assert told == stored
    assert len(stored) == 72


def _study(url: str, axes: dict[str, list[int]]) -> Study:
    return Client(url, retry=STUBBORN).create("kill", parameters=axes)


def _work(study: Study, told: dict[int, float | None]) -> None:
    study.run(
        lambda x, y: float(10 * x + y),
        workers=4,
        on_result=lambda _, record: told.update({record.number: record.value}),
    )


def _in_background(action: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    return thread
