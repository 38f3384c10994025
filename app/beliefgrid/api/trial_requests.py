"""What may be said of trials: asked for, told, queued, imported."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from beliefgrid.api.requests import MOST_METRICS, MOST_ROWS, Body
from beliefgrid.api.texts import (
    MOST_INTEGER,
    Assignments,
    Name,
    Notes,
    Number,
    Reason,
    Tags,
    clean_lines,
)

MOST_TRIALS_AT_ONCE = 100
MOST_METADATA = 16_384
A_WEEK_S = 7 * 86_400

LeaseToken = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")
]
LeaseSeconds = Annotated[int, Field(ge=1, le=A_WEEK_S)]
Metrics = Annotated[dict[Name, Number], Field(max_length=MOST_METRICS)]


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


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]


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
