"""The document that an export gives and an import takes.

Unlike other bodies it may have more fields than are read: an export says everything about a
study, and an import takes what makes it up.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from beliefgrid.api import strict_json
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.requests import MOST_ROWS, Body, DefinitionIn
from beliefgrid.api.texts import Assignments, Name, Notes, Number, Reason, Tags
from beliefgrid.api.trial_requests import Metadata, Metrics

LENIENT = ConfigDict(extra="ignore")
EXAMPLE: dict[str, Any] = {
    "format": "beliefgrid-study-1",
    "study": {
        "name": "autoencoder",
        "parameters": [{"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32]}],
        "metrics": [{"name": "mse", "goal": "minimize"}],
    },
    "trials": [{"assignments": {"latent_dim": 8}, "state": "completed", "value": 0.31}],
}


class ExportedStudy(DefinitionIn):
    """The definition and description of a study."""

    model_config = LENIENT

    name: Name
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class ExportedTrial(Body):
    """One trial; only those that taught something are imported."""

    model_config = LENIENT

    assignments: Assignments
    state: Literal[
        "queued", "active", "completed", "failed", "infeasible", "stopped", "expired", "cancelled"
    ] = "completed"
    value: Number | None = None
    values: Metrics | None = None
    stddev: Annotated[Number, Field(ge=0)] | None = None
    duration: Annotated[Number, Field(ge=0)] | None = None
    metadata: Metadata | None = None
    reason: Reason | None = None
    notes: Notes = ""
    tags: Tags = Field(default_factory=list)


class ExportIn(Body):
    """An exported study."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"example": EXAMPLE})

    format: Literal["beliefgrid-study-1"]
    study: ExportedStudy
    trials: Annotated[list[ExportedTrial], Field(max_length=10 * MOST_ROWS)] = Field(
        default_factory=list
    )

    def parts(self) -> dict[str, Any]:
        """Return what the action `import_study` takes."""
        return {
            "name": self.study.name,
            "definition": self.study.definition(),
            "notes": self.study.notes,
            "tags": self.study.tags,
            "trials": [trial.model_dump() for trial in self.trials],
        }


class ImportFileError(ValueError):
    """The file is not an export."""


def read_export(data: bytes) -> ExportIn:
    """Return the export that a file holds.

    Raises:
        ImportFileError: it holds something else; the message says where.
    """
    try:
        return ExportIn.model_validate(strict_json.read(data))
    except RefusedError as error:
        raise ImportFileError(str(error.detail)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(str(step) for step in first["loc"])
        raise ImportFileError(f"{first['msg']} at /{place}") from error
