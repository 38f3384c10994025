"""What the actions answer: frozen copies of rows, in the words of the service."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import prod
from typing import Any

from beliefgrid.storage.rows import Page

__all__ = [
    "Asked",
    "BestView",
    "EventView",
    "Heartbeat",
    "Imported",
    "Measured",
    "Page",
    "PosteriorView",
    "ProgressView",
    "Recipe",
    "SnapshotView",
    "StoppingView",
    "StudyView",
    "TrialView",
    "WorkerView",
]


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study as others see it."""

    id: str
    name: str
    state: str
    state_reason: str | None
    definition: dict[str, Any]
    n_cells: int
    revision: int
    version: int
    seq: int
    result_seq: int
    snapshot_seq: int
    counts: dict[str, int]
    observations: int
    cells_tested: int
    notes: str
    tags: list[str]
    update_error: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    last_result_at: datetime | None
    summary: dict[str, Any] | None = None

    @property
    def objective(self) -> dict[str, Any]:
        """The metric that is searched."""
        return objective_of(self.definition)

    @property
    def goal(self) -> str:
        """`minimize` or `maximize`."""
        return str(self.objective["goal"])

    @property
    def metric(self) -> str:
        """The name of the objective."""
        return str(self.objective["name"])

    @property
    def grid_cells(self) -> int:
        """How many combinations there are, those that rules exclude counted too."""
        return prod(len(parameter["values"]) for parameter in self.parameters)

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The axes, with all their values."""
        found: list[dict[str, Any]] = self.definition["parameters"]
        return found


def objective_of(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the metric of a definition that is searched."""
    metrics: list[dict[str, Any]] = definition["metrics"]
    return next(m for m in metrics if m.get("role", "objective") == "objective")


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial as others see it."""

    study_id: str
    number: int
    cell: int | None
    assignments: dict[str, Any]
    state: str
    source: str
    value: float | None
    values: dict[str, float] | None
    stddev: float | None
    duration: float | None
    observations: int
    worker: str | None
    lease: dict[str, Any] | None
    seq: int
    explanation: dict[str, Any] | None
    reason: str | None
    notes: str
    tags: list[str]
    metadata: dict[str, Any] | None
    late: bool
    attempt: int
    version: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to an ask."""

    trials: list[TrialView]
    seq: int
    stale: bool
    reused: bool


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The answer to a heartbeat: how long the lease is good for, and whether to go on."""

    expires_at: datetime
    directive: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer to measurements."""

    accepted: int
    duplicates: int
    directive: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import stored, or would store."""

    accepted: int
    off_grid: int
    numbers: list[int]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A stored belief, without the field itself."""

    study_id: str
    seq: int
    revision: int
    engine_version: str
    theta: dict[str, Any] | None
    pending: list[int]
    summary: dict[str, Any]
    top: list[dict[str, Any]]
    n_observations: int
    elapsed_ms: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProgressView:
    """The numbers of one snapshot, for a line over time; None where there is none."""

    seq: int
    revision: int
    n_observations: int
    pending: list[int]
    created_at: datetime
    leader_cell: int | None
    leader_mean: float | None
    leader_p_best: float | None
    next_cell: int | None
    best_value: float | None
    entropy_bits: float | None
    information_bits: float | None
    effective_cells: float | None
    cells_in_95: int | None
    expected_regret: float | None
    probability_within: float | None
    regret_epsilon: float | None
    expected_gain_10: float | None
    infeasible: int | None
    should_stop: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the engine needs to compute a snapshot again."""

    study_id: str
    seq: int
    definition: dict[str, Any]
    cells: list[int]
    values: list[float]
    stddevs: list[float | None]
    infeasible: list[int]
    pending: list[int]
    theta: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class PosteriorView:
    """One layer as a matrix; z[j][i] belongs to y_values[j] and x_values[i]."""

    layer: str
    x: str
    y: str | None
    x_values: list[Any]
    y_values: list[Any]
    z: list[list[float | None]]
    reduce: str
    seq: int
    revision: int
    unit: str


@dataclass(frozen=True, slots=True)
class BestView:
    """The incumbent and those next to it; all None before the first result."""

    cell: int | None
    assignments: dict[str, Any] | None
    mean: float | None
    sd: float | None
    p_best: float | None
    observations: int
    seq: int
    interval: list[float] | None = None
    best_value: float | None = None
    runner_ups: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoppingView:
    """What the stopping rule says."""

    should_stop: bool
    reasons: list[str]
    p_best: float | None
    expected_regret: float | None
    probability_within: float | None
    epsilon: float | None
    state: str
    state_reason: str | None
    seq: int
    trials_to_finish: int | None
    repeat: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that happened."""

    seq: int
    kind: str
    trial: int | None
    actor: str | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A study that something happened to, up to which event, and that of its newest posterior."""

    study: str
    seq: int
    snapshot_seq: int
    state: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker of a study, from the trials that carry its name."""

    name: str
    active: int
    completed: int
    failed: int
    last_seen_at: datetime | None
    is_quarantined: bool = False

    def with_trials(self, state: str, count: int, last_seen_at: datetime) -> "WorkerView":
        """Return the same worker with some more trials."""
        changes: dict[str, Any] = {
            "last_seen_at": max(self.last_seen_at or last_seen_at, last_seen_at)
        }
        if state in ("active", "completed", "failed"):
            changes[state] = getattr(self, state) + count
        return replace(self, **changes)
