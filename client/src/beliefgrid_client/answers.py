"""What the service answers, typed; fields that a newer service adds are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Value = int | float | str | bool
Assignments = dict[str, Value]
T = TypeVar("T")


@dataclass(frozen=True)
class StudyInfo:
    """A study as it is at the moment."""

    id: str
    name: str
    state: str
    n_cells: int = 0
    state_reason: str | None = None
    parameters: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    trials: dict[str, int] = field(default_factory=dict)  # how many are in each state
    observations: int = 0
    stale: bool = False  # whether a result is not in the posterior yet
    summary: dict[str, Any] | None = None  # what the newest snapshot says in brief
    created_at: str = ""


@dataclass(frozen=True)
class TrialRecord:
    """A trial as the service has it."""

    number: int
    cell: int | None
    assignments: Assignments
    state: str
    value: float | None = None
    stddev: float | None = None
    observations: int = 0
    worker: str | None = None
    reason: str | None = None
    duration: float | None = None
    created_at: str = ""
    completed_at: str | None = None


@dataclass(frozen=True)
class Best:
    """The incumbent: the best cell by posterior mean; all None before the first result."""

    cell: int | None
    assignments: Assignments | None
    mean: float | None
    sd: float | None
    p_best: float | None
    observations: int = 0
    runner_ups: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Stopping:
    """Whether to stop, and why."""

    should_stop: bool
    reasons: list[str] = field(default_factory=list)
    p_best: float | None = None
    expected_regret: float | None = None


@dataclass(frozen=True)
class Posterior:
    """One layer as a matrix: `z[j][i]` belongs to `y_values[j]` and `x_values[i]`."""

    layer: str
    x: str
    y: str | None
    x_values: list[Value]
    y_values: list[Value]
    z: list[list[float | None]]
    reduce: str = "sum"
    seq: int = 0


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """Return an answer's body as a dataclass."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # all are dataclasses
    return kind(**{name: value for name, value in body.items() if name in known})
