"""`beliefgrid demo` from start to end, as a user starts it, and Ctrl-C at any moment."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from beliefgrid.demo.main import Plan, _Demo
from beliefgrid.demo.progress import Progress
from tests.demo.test_autoencoder import BEST, TABLE
from tests.support.server import free_port, is_well
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SLOW_WORKER = "import time, sys; time.sleep(1.0); print(len(sys.argv))"
ROWS = "SELECT number, state FROM trials ORDER BY number"


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs in a folder of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def has_said(self, words: str) -> None:
        """Wait until it says something."""
        wait_until(lambda: words in self.said(), process=self.process, log=self.log)

    def ctrl_c(self) -> None:
        """Do what a terminal does: interrupt every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for its end; return the exit status."""
        return self.process.wait(timeout=60)


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Run the demo in a folder until the block ends."""
    log = folder / "demo.log"
    command = [sys.executable, "-m", "beliefgrid.cli", "demo", "--port", str(free_port())]
    environment = {k: v for k, v in os.environ.items() if "BELIEFGRID_" not in k}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env=environment | {"COLUMNS": "200"},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    demo = Demo(process, log)
    try:
        yield demo
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


def trials_in(folder: Path) -> list[tuple[int, str]]:
    """Return what the demo's database holds, after its service ended."""
    (path,) = folder.glob(".demo/*.db")
    connection = sqlite3.connect(path)
    try:
        found: list[tuple[int, str]] = connection.execute(ROWS).fetchall()
    finally:
        connection.close()
    return found


@pytest.fixture
def own_study(tmp_path: Path) -> list[str]:
    """The options of a study of one's own, whose worker takes a second for each trial."""
    (tmp_path / "train.py").write_text(SLOW_WORKER)
    path = tmp_path / "own.json"
    axes = [{"name": "x", "kind": "ordered", "values": list(range(40))}]
    path.write_text(json.dumps({"parameters": axes, "metrics": [{"name": "loss"}]}))
    return ["--study", str(path), "--command", f"'{sys.executable}' train.py", "--once"]


def test_both_studies_run_to_their_end_with_the_true_best_cell(tmp_path: Path) -> None:
    """The 3 x 3 study ends exhausted with the best of all nine values; the larger one ends too."""
    with running_demo(tmp_path, "--once", "--trials", "12") as demo:
        assert demo.end() == 0, demo.said()

    said = demo.said()
    assert "Dashboard: http://127.0.0.1:" in said
    assert f"best: learning_rate {BEST[0]}, latent_dim {BEST[1]} with mse" in said
    assert "MRI autoencoder, 3 x 3 is exhausted" in said
    assert "MRI autoencoder, 6 x 8 x 3 is " in said
    assert said.count("\n  trial ") == 9 + 12
    assert len(TABLE) == 9


def test_ctrl_c_lets_the_trials_at_hand_finish_and_a_new_start_goes_on(
    tmp_path: Path, own_study: list[str]
) -> None:
    """Nothing is lost by Ctrl-C, no trial stays open, and the same command goes on from there."""
    with running_demo(tmp_path, *own_study) as demo:
        demo.has_said("trial   1")
        demo.ctrl_c()
        assert demo.end() == 0, demo.said()
    rows, said = trials_in(tmp_path), demo.said()

    with running_demo(tmp_path, *own_study) as again:
        again.has_said(f"going on after {len(rows)} results")
        again.has_said(f"trial {len(rows) + 1:>3}")
        again.ctrl_c()
        assert again.end() == 0, again.said()

    assert "Ended; nothing is lost" in said
    assert {state for _, state in rows} == {"completed"}
    assert said.count("\n  trial ") == len(rows)


def test_what_ctrl_c_breaks_off_is_said_again(tmp_path: Path) -> None:
    """It may come while a trial's line is made, which asks the service what it believes now."""
    demo = _Demo(Plan(data=tmp_path, url="http://127.0.0.1:1"), Console(quiet=True), None)
    printed: list[int] = []

    def line(said: dict[str, int]) -> None:
        if said["number"] == 2 and not broken_off:
            broken_off.append(True)
            raise KeyboardInterrupt
        printed.append(said["number"])

    broken_off: list[bool] = []
    demo.shown["st"] = cast("Progress", SimpleNamespace(line=line))
    for number in (1, 2, 3):
        demo.workers.said.put({"study": "st", "number": number})

    with pytest.raises(KeyboardInterrupt):
        demo._follow()
    demo._follow()

    assert printed == [1, 2, 3]


def test_a_second_ctrl_c_gives_the_trials_back(tmp_path: Path, own_study: list[str]) -> None:
    """Whoever cannot wait loses the training at hand, but not its place in the queue."""
    (tmp_path / "train.py").write_text("import time; time.sleep(600)")
    with running_demo(tmp_path, *own_study) as demo:
        demo.has_said("40 combinations")
        wait_until(lambda: _has_active(tmp_path), log=demo.log)
        demo.ctrl_c()
        demo.has_said("Ctrl-C again gives them back")
        demo.ctrl_c()
        assert demo.end() == 0, demo.said()

    assert {state for _, state in trials_in(tmp_path)} == {"queued"}


def test_a_killed_demo_leaves_nothing_behind(tmp_path: Path, own_study: list[str]) -> None:
    """Kill -9 of the demo ends its service too; what its workers still had comes in later."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with running_demo(tmp_path, *own_study, "--port", port) as demo:
        demo.has_said("trial   1")
        demo.process.kill()
        wait_until(lambda: not is_well(url))

    with running_demo(tmp_path, *own_study, "--port", port) as again:
        again.has_said(f"Dashboard: {url}")
        again.has_said("trial   5")
        again.ctrl_c()
        assert again.end() == 0, again.said()

    states = [state for _, state in trials_in(tmp_path)]
    assert states.count("completed") >= 5
    assert "queued" not in states


def test_a_bad_definition_is_one_red_sentence(tmp_path: Path) -> None:
    """What cannot be searched is said by the service, without a traceback."""
    bad = {"name": "x", "kind": "ordered", "values": [0, 1], "scale": "log"}
    (tmp_path / "bad.json").write_text(
        json.dumps({"parameters": [bad], "metrics": [{"name": "loss"}]})
    )
    with running_demo(tmp_path, "--study", "bad.json", "--command", "echo 1", "--once") as demo:
        assert demo.end() == 1

    assert "log" in demo.said()
    assert "Traceback" not in demo.said()


def _has_active(folder: Path) -> bool:
    (path,) = folder.glob(".demo/*.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        states = [state for _, state in connection.execute(ROWS)]
    finally:
        connection.close()
    return states.count("active") == 2
