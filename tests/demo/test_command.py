"""Any program can be a worker: how it gets a combination, and how its answer is read."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from beliefgrid.demo.command import Command, CommandError, arguments, outcome
from beliefgrid_client import InfeasibleError, Trial

SCRIPT = """
import json, os, sys
args = sys.argv[1:] or json.load(sys.stdin)
print("training", args, file=sys.stderr)
print(args)
print(os.environ["BELIEFGRID_TRIAL"])
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A program that says what it got, and its trial's number as the metric."""
    path = tmp_path / "my train.py"
    path.write_text(SCRIPT)
    return path


def test_assignments_become_words_of_the_command_line() -> None:
    """Each value is written as it was defined; text needs no quotes of its own."""
    words = arguments({"learning_rate": 0.001, "dim": 8, "name": "a b", "fast": True})

    assert words == ["--learning_rate", "0.001", "--dim", "8", "--name", "a b", "--fast", "true"]


@pytest.mark.parametrize("passing", ["arguments", "stdin"])
def test_the_last_line_is_the_metric(script: Path, passing: Any) -> None:
    """What a program prints before does not matter."""
    command = Command(f"'{sys.executable}' '{script}'", passing)

    assert command(_trial(7, {"x": 1})) == 7.0


def test_values_cannot_break_out_of_the_command(tmp_path: Path) -> None:
    """A level of a grid is data, whatever the shell would make of it."""
    bad = f"; touch '{tmp_path}/owned' #"

    with pytest.raises(CommandError, match="expected a number"):
        Command("echo")(_trial(1, {"x": bad}))

    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("line", "expected"),
    [("0.25", 0.25), ("1e-3", 0.001), ('{"mse": 1, "seconds": 2.5}', {"mse": 1.0, "seconds": 2.5})],
)
def test_a_metric_is_a_number_or_an_object(line: str, expected: object) -> None:
    """Several metrics come as one JSON object."""
    assert outcome(line) == expected


@pytest.mark.parametrize("line", ["nan", "NaN", "inf", "infeasible: no memory", '{"a": NaN}'])
def test_a_combination_that_cannot_work_is_told_as_such(line: str) -> None:
    """Not a number, or the word `infeasible`: the cell is never tried again."""
    with pytest.raises(InfeasibleError):
        outcome(line)


@pytest.mark.parametrize("line", ["", "done", "[1]", '{"mse": "low"}'])
def test_anything_else_is_a_failure_that_says_what_was_expected(line: str) -> None:
    """A program that forgets to print its metric is told so."""
    with pytest.raises(CommandError, match="as the last line of output"):
        outcome(line)


def test_a_program_that_fails_is_quoted() -> None:
    """The last line of its error output becomes the reason of the failure."""
    with pytest.raises(CommandError, match="exit status 3: out of memory"):
        Command("echo out of memory >&2; exit 3 #")(_trial(1, {}))


def test_a_program_is_ended_when_its_worker_must_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second Ctrl-C does not leave a training run behind."""

    def leave(*_: object, **__: object) -> None:
        raise SystemExit(1)

    monkeypatch.setattr("subprocess.Popen.communicate", leave)
    started = time.monotonic()

    with pytest.raises(SystemExit):
        Command("sleep 30 #")(_trial(1, {}))

    assert time.monotonic() - started < 5


def _trial(number: int, assignments: dict[str, Any]) -> Trial:
    return cast("Trial", SimpleNamespace(number=number, assignments=assignments))
