"""Any program as a worker: it gets a combination, and its last line of output is the metric."""

import json
import math
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from beliefgrid_client import InfeasibleError, Trial

Passing = Literal["arguments", "stdin"]
Outcome = float | dict[str, float]
INFEASIBLE = "infeasible"


class CommandError(Exception):
    """The command ended badly, or said nothing that is a metric."""


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command to run for each trial."""

    line: str
    passing: Passing = "arguments"

    def __call__(self, trial: Trial) -> Outcome:
        """Run it for a trial; return what its last line says.

        The assignments are appended as `--name value`, or written to its standard input as one
        JSON object; the trial's number is in BELIEFGRID_TRIAL.

        Raises:
            InfeasibleError: the last line is `infeasible`, or a number that is not finite.
            CommandError: it failed, or its last line is no metric.
        """
        as_words = self.passing == "arguments"
        words = shlex.join(arguments(trial.assignments)) if as_words else ""
        given = "" if as_words else json.dumps(trial.assignments)
        environment = os.environ | {"BELIEFGRID_TRIAL": str(trial.number)}
        # A session of its own: Ctrl-C reaches the demo, which lets the command finish.
        with subprocess.Popen(  # noqa: S602 - the user's own command; values are quoted
            f"{self.line} {words}".rstrip(),
            shell=True,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(given)
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            last = _last_line(err) or _last_line(out)
            raise CommandError(f"exit status {process.returncode}: {last or 'no output'}")
        return outcome(_last_line(out))


def arguments(assignments: Mapping[str, object]) -> list[str]:
    """Return a combination as words of a command line."""
    words = []
    for name, value in assignments.items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += [f"--{name}", text]
    return words


def outcome(line: str) -> Outcome:
    """Return what a line says: a number, or an object with the values of several metrics."""
    if line.lower().startswith(INFEASIBLE):
        raise InfeasibleError(line)
    try:
        found = json.loads(line)  # takes NaN and Infinity too
        values = {str(k): float(v) for k, v in found.items()} if isinstance(found, dict) else None
        number = float(line) if values is None else 0.0
    except (ValueError, TypeError):
        values, number = None, _number(line)
    if not all(map(math.isfinite, values.values() if values else [number])):
        raise InfeasibleError(f"the metric is {line}")
    return values or number


def _number(line: str) -> float:
    try:
        return float(line)
    except ValueError:
        raise CommandError(
            f"expected a number, a JSON object of metrics, or `infeasible` as the last line of "
            f"output, got {line[:200]!r}"
        ) from None


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _end(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
