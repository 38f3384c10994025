"""What requests may say. Unknown fields are refused, so that a typing error is seen."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from beliefgrid.api.texts import (
    MOST_INTEGER,
    Assignments,
    Level,
    Name,
    Notes,
    Number,
    Reason,
    Tags,
    Whole,
    Word,
    clean_lines,
)

MOST_PARAMETERS = 16
MOST_LEVELS = 10_000
MOST_METRICS = 50
MOST_TRIALS_AT_ONCE = 100
MOST_ROWS = 10_000
MOST_WEIGHTS = 1_000_000
A_WEEK_S = 7 * 86_400

LeaseToken = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")
]
LeaseSeconds = Annotated[int, Field(ge=1, le=A_WEEK_S)]
Metrics = Annotated[dict[Name, Number], Field(max_length=MOST_METRICS)]
Weights = Annotated[list[Number], Field(max_length=MOST_LEVELS)]
Positive = Annotated[Number, Field(gt=0)]


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    """Refuse metadata that is long; what it says is the user's own business."""
    if len(repr(metadata)) > MOST_METADATA:
        raise PydanticCustomError(
            "metadata_too_long", "expected at most {most} characters", {"most": MOST_METADATA}
        )
    cleaned: dict[str, Any] = _clean_values(metadata)
    return cleaned


def _clean_values(found: Any) -> Any:
    match found:
        case str():
            return clean_lines(found)
        case list():
            return [_clean_values(value) for value in found]
        case dict():
            return {clean_lines(key): _clean_values(value) for key, value in found.items()}
    return found


def _numbers(table: list[Any]) -> list[Any]:
    """Refuse a table that holds anything but finite numbers, or too many of them."""
    level: list[Any] = table
    count = 0
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, list):
                inner.extend(value)
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise PydanticCustomError("prior_table_invalid", "expected numbers in nested lists")
            elif abs(value) > MAX_WEIGHT:
                raise PydanticCustomError("prior_table_invalid", "expected weights up to 1e300")
        count += len(level)
        if count > 2 * MOST_WEIGHTS:
            raise PydanticCustomError("prior_table_invalid", "expected at most a million weights")
        level = inner
    return table


MOST_METADATA = 16_384
MAX_WEIGHT = 1e300
Metadata = Annotated[dict[str, Any], AfterValidator(_small)]
Table = Annotated[list[Any], AfterValidator(_numbers)]


class Body(BaseModel):
    """What every body has in common: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """Return what was said, and nothing that was not."""
        return self.model_dump(exclude_unset=True)


class ParameterIn(Body):
    """One axis of the grid: its levels as a list, or as a range."""

    name: Name
    kind: Word = Field(description="`ordered` or `categorical`.")
    values: Annotated[list[Level], Field(max_length=MOST_LEVELS)] | None = Field(
        default=None, description="The levels, as the worker is to get them."
    )
    low: Number | None = Field(default=None, description="The first level of a range.")
    high: Number | None = Field(default=None, description="The last level of a range.")
    levels: Annotated[int, Field(ge=1, le=MOST_LEVELS)] | None = Field(
        default=None, description="How many levels a range has."
    )
    scale: Word | None = Field(
        default=None, description="`linear`, `log` or `rank`: how far levels are from each other."
    )

    def definition(self) -> dict[str, Any]:
        """Return the parameter as the engine reads it."""
        return {name: value for name, value in self.given().items() if value is not None}


class MetricIn(Body):
    """What workers report."""

    name: Name
    goal: Literal["minimize", "maximize"] = "minimize"
    role: Literal["objective", "constraint", "record"] = Field(
        default="objective",
        description="Exactly one metric is the objective; `record` is only kept.",
    )


class StrategyIn(Body):
    """How the next cell is chosen, and how belief follows from results."""

    name: Word | None = Field(default=None, description="`bayes`, `grid` or `random`.")
    likelihood: Word | None = Field(
        default=None, description="`gp`, `inverse_loss` or `boltzmann`."
    )
    acquisition: Word | None = Field(
        default=None, description="`ei`, `p_best`, `thompson` or `lcb`."
    )
    similarity: Annotated[dict[Name, Number], Field(max_length=MOST_PARAMETERS)] | None = Field(
        default=None,
        description="For the two simple likelihoods: how alike neighbouring levels are.",
    )


class WeightIn(Body):
    """The weight of one cell."""

    assignments: Assignments
    weight: Number


class PriorIn(Body):
    """What is believed before the first result: which cells may be the best."""

    axes: Annotated[dict[Name, Weights], Field(max_length=MOST_PARAMETERS)] | None = None
    table: Table | None = Field(
        default=None, description="Nested lists of weights, in the order of cells."
    )
    cells: Annotated[list[WeightIn], Field(max_length=MOST_ROWS)] | None = None
    confidence: Number | None = None


class BudgetIn(Body):
    """When to end in any case."""

    trials: Annotated[int, Field(ge=1, le=MOST_INTEGER)] | None = None
    seconds: Positive | None = None


class StoppingIn(Body):
    """When enough is known."""

    regret: Number | None = None
    probability: Number | None = None
    action: Word | None = Field(default=None, description="`advise` or `stop`.")


class DefinitionIn(Body):
    """What is searched, and how."""

    parameters: Annotated[list[ParameterIn], Field(max_length=MOST_PARAMETERS)]
    metrics: Annotated[list[MetricIn], Field(max_length=MOST_METRICS)]
    prior: PriorIn | None = None
    strategy: StrategyIn | None = None
    noise: Word | None = Field(default=None, description="`none`, `some` or `high`.")
    budget: BudgetIn | None = None
    stopping: StoppingIn | None = None
    seed: Annotated[Whole, Field(ge=0)] | None = None
    retries: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="How often a cell whose trials fail is tried again; then it is infeasible.",
    )

    def definition(self) -> dict[str, Any]:
        """Return the definition as the engine reads it."""
        names = ("prior", "strategy", "budget", "stopping")
        found = {name: _without_none(part) for name in names if (part := getattr(self, name))}
        found |= {name: getattr(self, name) for name in ("noise", "seed", "retries")}
        return found | {
            "parameters": [parameter.definition() for parameter in self.parameters],
            "metrics": [metric.model_dump() for metric in self.metrics],
        }


class StudyIn(DefinitionIn):
    """A new study."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "autoencoder",
                "parameters": [
                    {
                        "name": "learning_rate",
                        "kind": "ordered",
                        "values": [0.001, 0.01, 0.1],
                        "scale": "log",
                    },
                    {
                        "name": "latent_dim",
                        "kind": "ordered",
                        "values": [8, 16, 32],
                        "scale": "log",
                    },
                ],
                "metrics": [{"name": "mse", "goal": "minimize"}],
                "budget": {"trials": 9},
            }
        }
    )

    name: Name
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class StudyPatch(Body):
    """What of a study may change."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"notes": "second data set", "tags": ["mri"]}}
    )

    name: Name = ""
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)
    state: Literal["active", "paused", "exhausted", "archived"] = "active"
    budget: BudgetIn | None = None
    stopping: StoppingIn | None = None

    def changes(self) -> dict[str, Any]:
        """Return what is to change."""
        found = self.given()
        parts = {name: _without_none(getattr(self, name)) for name in ("budget", "stopping")}
        return found | {name: part for name, part in parts.items() if name in found}


class PriorPut(Body):
    """A new prior; none is the uniform one."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"prior": {"axes": {"learning_rate": [1, 2, 1]}}}}
    )

    prior: PriorIn | None

    def definition(self) -> dict[str, Any] | None:
        """Return the prior as the engine reads it."""
        return _without_none(self.prior)


class AskIn(Body):
    """A worker asks for trials."""

    model_config = ConfigDict(json_schema_extra={"example": {"worker": "gpu-3"}})

    count: Annotated[int, Field(ge=1, le=MOST_TRIALS_AT_ONCE)] = 1
    worker: Name | None = Field(
        default=None, description="Who asks. The same worker gets its own open trials first."
    )
    lease_seconds: LeaseSeconds | None = Field(
        default=None, description="How long the trials are the worker's, without a heartbeat."
    )
    wait_seconds: Annotated[Number, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="How long to wait at most for a posterior that has seen every result.",
    )


class LeaseIn(Body):
    """What a worker says who holds a trial."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    lease_token: LeaseToken | None = Field(
        default=None, description="The token of the lease; optional, checked if it is given."
    )


class HeartbeatIn(LeaseIn):
    """A worker is alive."""

    model_config = ConfigDict(json_schema_extra={"example": {"lease_seconds": 120}})

    lease_seconds: LeaseSeconds | None = None


class MeasurementIn(Body):
    """One intermediate value."""

    step: Annotated[int, Field(ge=0, le=MOST_INTEGER)]
    value: Number


class MeasurementsIn(LeaseIn):
    """Intermediate values of a trial: one, or several."""

    model_config = ConfigDict(json_schema_extra={"example": {"step": 10, "value": 0.42}})

    step: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = None
    value: Number | None = None
    measurements: Annotated[list[MeasurementIn], Field(max_length=1_000)] | None = None

    def listed(self) -> list[dict[str, Any]]:
        """Return them all."""
        found = [given.model_dump() for given in self.measurements or []]
        if self.step is not None and self.value is not None:
            found.append({"step": self.step, "value": self.value})
        return found


class Result(Body):
    """What a trial gave."""

    value: Number | None = Field(default=None, description="The objective.")
    values: Metrics | None = Field(default=None, description="Several metrics by name.")
    stddev: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="The standard error of the value, in its own unit."
    )
    duration: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="Seconds it took."
    )
    metadata: Metadata | None = None


class ObservationIn(Result, LeaseIn):
    """A worker tells what a trial gave; with no value the last measurement is the result."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 0.153, "duration": 12.5}})


class CorrectionIn(Body):
    """The right value of a finished trial."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 0.151}})

    value: Number | None = None
    values: Metrics | None = None
    stddev: Annotated[Number, Field(ge=0)] | None = None
    duration: Annotated[Number, Field(ge=0)] | None = None


class FailureIn(LeaseIn):
    """A worker tells why a trial gave nothing."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "infeasible", "reason": "the loss became NaN"}}
    )

    kind: Literal["failed", "infeasible"] = Field(
        description="`failed`: the machine's fault, the cell may be tried again. `infeasible`: the "
        "combination's fault, never again."
    )
    reason: Reason = ""


class TrialIn(Body):
    """A combination to queue, or to import with its result."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "assignments": {"learning_rate": 0.01, "latent_dim": 32},
                "observation": {"value": 0.15},
            }
        }
    )

    assignments: Assignments
    observation: Result | None = None


class TrialPatch(Body):
    """What of a trial may change."""

    model_config = ConfigDict(json_schema_extra={"example": {"notes": "the lucky one"}})

    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class RowIn(Result):
    """One finished evaluation."""

    assignments: Assignments


class BatchIn(Body):
    """Many finished evaluations, all or nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": [
                    {"assignments": {"learning_rate": 0.1, "latent_dim": 8}, "value": 0.31},
                    {"assignments": {"learning_rate": 0.1, "latent_dim": 16}, "value": 0.29},
                ]
            }
        }
    )

    rows: Annotated[list[RowIn], Field(min_length=1, max_length=MOST_ROWS)]

    def listed(self) -> list[dict[str, Any]]:
        """Return the rows as the action takes them."""
        return [row.given() for row in self.rows]


class WorkerIn(Body):
    """A worker by its name."""

    model_config = ConfigDict(json_schema_extra={"example": {"worker": "gpu-3"}})

    worker: Name


class TokenIn(Body):
    """A new token."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "gpu-cluster", "scopes": ["work"], "days": 30}}
    )

    name: Name
    scopes: Annotated[
        list[Literal["read", "work", "write", "admin"]], Field(min_length=1, max_length=4)
    ]
    study: Annotated[str, StringConstraints(max_length=40, pattern=r"^st_[0-9a-z]+$")] | None = None
    days: Annotated[Number, Field(gt=0, le=3650)] | None = Field(
        default=None, description="How long it is good for; for ever if it is not said."
    )


def _without_none(part: BaseModel | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(exclude_none=True)
