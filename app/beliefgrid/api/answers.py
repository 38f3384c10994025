"""What the API answers. Each model lists its fields: nothing else of a row ever gets out."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from beliefgrid.actions.views import Asked, Page, StudyView

STUDY_EXAMPLE: dict[str, Any] = {
    "id": "st_019abc5d3f0e1a2b3c4d5e6f",
    "name": "autoencoder",
    "state": "active",
    "state_reason": None,
    "parameters": [
        {"name": "learning_rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
        {"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
    ],
    "metrics": [{"role": "objective", "goal": "minimize", "name": "mse"}],
    "prior": None,
    "strategy": {},
    "noise": "some",
    "budget": {"trials": 9},
    "stopping": None,
    "seed": 0,
    "retries": 2,
    "constraints": None,
    "n_cells": 9,
    "grid_cells": 9,
    "revision": 1,
    "version": 1,
    "seq": 1,
    "snapshot_seq": 0,
    "stale": True,
    "observations": 0,
    "cells_tested": 0,
    "trials": {},
    "notes": "",
    "tags": [],
    "update_error": None,
    "created_at": "2026-03-01T09:00:00Z",
    "started_at": None,
    "updated_at": "2026-03-01T09:00:00Z",
    "last_result_at": None,
    "summary": None,
}
_DEFINED = (
    "parameters",
    "metrics",
    "prior",
    "strategy",
    "noise",
    "constraints",
    "budget",
    "stopping",
    "seed",
    "retries",
)


class Out(BaseModel):
    """What every answer has in common."""

    model_config = ConfigDict(from_attributes=True)


class StudyOut(Out):
    """A study: its definition as it is used, its state, and how far it has come."""

    model_config = ConfigDict(json_schema_extra={"example": STUDY_EXAMPLE})

    id: str
    name: str
    state: str = Field(description="active, paused, converged, exhausted or archived.")
    state_reason: str | None
    parameters: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    prior: dict[str, Any] | None
    strategy: dict[str, Any] | None
    noise: str | None
    constraints: dict[str, Any] | None
    budget: dict[str, Any] | None
    stopping: dict[str, Any] | None
    seed: int | None
    retries: int | None
    n_cells: int = Field(description="How many cells are searched.")
    grid_cells: int = Field(description="All combinations, those that rules exclude too.")
    revision: int = Field(description="Counts the changes of the definition.")
    version: int = Field(description="Counts all changes; it is the ETag.")
    seq: int = Field(description="The number of the last event.")
    snapshot_seq: int = Field(description="The event after which the newest snapshot was taken.")
    stale: bool = Field(description="Whether a result is not in the newest snapshot yet.")
    observations: int
    cells_tested: int
    trials: dict[str, int] = Field(description="How many trials are in each state.")
    notes: str
    tags: list[str]
    update_error: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    last_result_at: datetime | None
    summary: dict[str, Any] | None = Field(description="What the newest snapshot says in brief.")

    @classmethod
    def of(cls, view: StudyView) -> "StudyOut":
        """Return a study's view as an answer."""
        names = set(cls.model_fields) - set(_DEFINED) - {"trials", "stale"}
        fields = {name: getattr(view, name) for name in names}
        fields |= {name: view.definition.get(name) for name in _DEFINED if name in cls.model_fields}
        stale = view.snapshot_seq < view.result_seq
        return cls(**fields, trials=view.counts, stale=stale)


class StudiesOut(Out):
    """A page of studies, newest first."""

    items: list[StudyOut]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[StudyView]) -> "StudiesOut":
        """Return a page of views as an answer."""
        return cls(items=[StudyOut.of(v) for v in page.items], next_cursor=page.next_cursor)


class LeaseOut(Out):
    """A worker's time-limited ownership of a trial."""

    worker: str | None
    expires_at: datetime


class GrantedLease(LeaseOut):
    """A lease with its token, as the worker alone gets it."""

    token: str


class TrialRow(Out):
    """A trial in a list."""

    number: int
    cell: int | None = Field(description="The cell's number; none if it lies off the grid.")
    assignments: dict[str, Any]
    state: str
    source: str = Field(description="suggested, queued or imported.")
    value: float | None
    values: dict[str, float] | None
    stddev: float | None
    duration: float | None
    observations: int = Field(description="How many results of it are counted: 0 or 1.")
    worker: str | None
    lease: LeaseOut | None
    seq: int = Field(description="The snapshot that the suggestion was based on.")
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


class TrialOut(TrialRow):
    """A trial, with the reason why its cell was suggested."""

    explanation: dict[str, Any] | None


class GrantedTrial(TrialOut):
    """A trial that was just handed to a worker."""

    lease: GrantedLease | None


class TrialsOut(Out):
    """A page of trials."""

    items: list[TrialRow]
    next_cursor: str | None


class SuggestionsOut(Out):
    """The trials that a worker is to run."""

    trials: list[GrantedTrial]
    seq: int
    stale: bool = Field(description="Whether a result is not in the posterior they came from.")

    @staticmethod
    def render(asked: Asked) -> tuple[int, str]:
        """Return the status and JSON: 200 for trials that the worker had already."""
        text = SuggestionsOut.model_validate(asked).model_dump_json()
        return 200 if asked.reused else 201, text


class HeartbeatOut(Out):
    """How long the lease is good for, and whether to go on."""

    expires_at: datetime
    directive: str = Field(description="`continue` or `stop`.")


class MeasuredOut(Out):
    """How many measurements were new, and whether to go on."""

    accepted: int
    duplicates: int
    directive: str


class ImportedOut(Out):
    """What a batch stored, or would store."""

    accepted: int
    off_grid: int
    numbers: list[int]
    dry_run: bool


class EventOut(Out):
    """One thing that happened."""

    seq: int
    kind: str
    trial: int | None
    actor: str | None
    data: dict[str, Any]
    created_at: datetime


class WorkerOut(Out):
    """One worker of a study."""

    name: str
    active: int
    completed: int
    failed: int
    last_seen_at: datetime | None
    is_quarantined: bool = Field(description="Whether it failed too often and gets nothing more.")


class WorkersOut(Out):
    """The workers of a study."""

    items: list[WorkerOut]


class TokenOut(Out):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    study_id: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the hour.")
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """A token with its secret, which is shown this once."""

    token: str


class TokensOut(Out):
    """All tokens, newest first."""

    items: list[TokenOut]


class MeasurementOut(Out):
    """One intermediate value."""

    step: int
    value: float
    created_at: datetime


class MeasurementsOut(Out):
    """The intermediate values of a trial, by step."""

    items: list[MeasurementOut]
