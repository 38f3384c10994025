"""What the API answers about the belief: the best cell, snapshots, what is known beyond them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from beliefgrid.api.answers import Out


class BestOut(Out):
    """The cell that is probably the best one, and those next to it."""

    cell: int | None
    assignments: dict[str, Any] | None
    mean: float | None
    sd: float | None
    p_best: float | None
    observations: int
    seq: int
    interval: list[float] | None = Field(
        description="It holds the objective in that cell with 90 %; the mean is corrected for luck."
    )
    best_value: float | None = Field(description="The best result, lucky or not.")
    runner_ups: list[dict[str, Any]]


class StoppingOut(Out):
    """Whether enough is known."""

    should_stop: bool
    reasons: list[str]
    p_best: float | None
    expected_regret: float | None
    probability_within: float | None
    epsilon: float | None
    state: str
    state_reason: str | None
    seq: int
    trials_to_finish: int | None = Field(
        description="How many more trials it probably takes until the rule holds; null if many."
    )
    repeat: dict[str, Any] | None = Field(
        description="What measuring the leader again is worth, beside a new cell."
    )


class ShareOut(Out):
    """A share of the variance: the median of the draws, and the band that holds 80 % of them."""

    low: float
    share: float
    high: float


class ParameterImportance(Out):
    """What one parameter does."""

    name: str
    alone: ShareOut = Field(description="What it does on its own.")
    total: ShareOut = Field(description="All that it takes part in.")


class PairImportance(Out):
    """What two parameters do only together."""

    names: list[str]
    together: ShareOut


class ImportanceOut(Out):
    """How much each parameter matters, by analysis of variance of draws from the belief."""

    parameters: list[ParameterImportance] = Field(description="Empty before the first result.")
    pairs: list[PairImportance]
    draws: int
    seq: int

    @classmethod
    def of(cls, found: dict[str, Any] | None, seq: int) -> "ImportanceOut":
        """Return what the engine found as an answer."""
        if found is None:
            return cls(parameters=[], pairs=[], draws=0, seq=seq)
        rows = zip(found["names"], found["alone"], found["total"], strict=True)
        return cls(
            parameters=[ParameterImportance(name=n, alone=a, total=t) for n, a, t in rows],
            pairs=[PairImportance(names=[a, b], together=s) for a, b, s in found["together"]],
            draws=found["draws"],
            seq=seq,
        )


class CalibrationOut(Out):
    """How good the predictions were that were stored before the results came."""

    predictions: int
    coverage: list[dict[str, float]] = Field(
        description="Intervals: the share of results that should lie inside, and that did."
    )
    mean_log_score: float | None = Field(description="Of the predictions, in nats; high is good.")
    items: list[dict[str, Any]]


class PriorOut(Out):
    """The prior, and whether the data contradict it."""

    prior: dict[str, Any] | None
    p_value: float | None = Field(description="Of the data under the prior; small is a conflict.")
    power: float | None = Field(description="The exponent that is left of the prior, 0 to 1.")
    is_in_conflict: bool
    seq: int


class InformationOut(Out):
    """What each update taught, in bits; the sum is what is known now."""

    items: list[dict[str, Any]]
    total_bits: float
    prior_bits: float | None
    entropy_bits: float | None


class PosteriorOut(Out):
    """One layer as a matrix: z[j][i] belongs to y_values[j] and x_values[i]."""

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


class SnapshotRow(Out):
    """A stored belief in a list."""

    seq: int
    revision: int
    engine_version: str
    pending: list[int]
    summary: dict[str, Any]
    n_observations: int
    elapsed_ms: float
    created_at: datetime


class SnapshotOut(SnapshotRow):
    """A stored belief: the hundred most probable cells, and what the engine needs to replay it."""

    theta: dict[str, Any] | None
    top: list[dict[str, Any]]


class SnapshotsOut(Out):
    """A page of snapshots, oldest first."""

    items: list[SnapshotRow]
    next_cursor: str | None


class ExplanationOut(Out):
    """Why a trial's cell was suggested."""

    number: int
    cell: int | None
    assignments: dict[str, Any]
    seq: int
    explanation: dict[str, Any] | None


class DifferenceOut(Out):
    """How belief moved from snapshot `a` to snapshot `b`."""

    a: int
    b: int
    total_variation: float = Field(description="From 0, the same belief, to 1.")
    information_bits: float = Field(description="What was learned, in bits.")
    cells: list[dict[str, Any]] = Field(description="Where it moved most.")
