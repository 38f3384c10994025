"""A study leaves as JSON or CSV, and comes back from JSON."""

import csv
import io
import json
from typing import Any, Literal

from fastapi import Response
from sqlalchemy import Connection

from beliefgrid.actions import portable, read
from beliefgrid.api.answers import StudyOut, TrialRow
from beliefgrid.api.caller import Creator, Key, Reader, answered, id_in, rendered
from beliefgrid.api.described import problems
from beliefgrid.api.imports import ExportIn
from beliefgrid.api.route import router as new_router

router = new_router("export and import")

COLUMNS = (
    "number",
    "state",
    "cell",
    "value",
    "stddev",
    "duration",
    "worker",
    "source",
    "reason",
    "notes",
    "created_at",
    "completed_at",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get(
    "/studies/{study}/export",
    operation_id="export_study",
    response_class=Response,
    responses=problems(404)
    | {
        200: {
            "description": "The study and all its trials.",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ExportIn"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
async def export_study(caller: Reader, format: Literal["json", "csv"] = "json") -> Response:  # noqa: A002 - in the address
    """Read a study with all its trials, as JSON that can be imported, or as a table."""
    text = await caller.read(as_json if format == "json" else as_csv)
    kind = "application/json" if format == "json" else "text/csv; charset=utf-8"
    name = f'attachment; filename="{caller.study_id}.{format}"'
    return Response(text, media_type=kind, headers={"Content-Disposition": name})


@router.post(
    "/studies:import",
    status_code=201,
    response_model=StudyOut,
    operation_id="import_study",
    responses=problems(409, body=True),
)
async def import_study(caller: Creator, body: ExportIn, key: Key = None) -> Response:
    """Create a study from an export: its definition, its results, its infeasible cells."""
    answer = await caller.service.write_once(
        await caller.once(key),
        rendered(201, StudyOut),
        portable.import_study,
        **body.parts(),
        actor=caller.actor,
    )
    response = answered(answer)
    root = caller.request.scope.get("root_path", "")
    response.headers["Location"] = f"{root}/api/v1/studies/{id_in(response)}"
    return response


def as_json(c: Connection, study_id: str) -> str:
    """Return a study as the document that `import_study` takes."""
    study = StudyOut.of(read.study(c, study_id)).model_dump(mode="json", exclude={"summary"})
    rows = [
        TrialRow.model_validate(trial).model_dump(mode="json")
        for trial in read.export_rows(c, study_id)
    ]
    return json.dumps({"format": "beliefgrid-study-1", "study": study, "trials": rows})


def as_csv(c: Connection, study_id: str) -> str:
    """Return the trials as a table, safe to open in a spreadsheet."""
    names = [str(parameter["name"]) for parameter in read.study(c, study_id).parameters]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([*COLUMNS, *(_cell(name) for name in names)])
    for trial in read.export_rows(c, study_id):
        own = [_cell(getattr(trial, column)) for column in COLUMNS]
        table.writerow(own + [_cell(trial.assignments.get(name)) for name in names])
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Return a value for a table; a text that a spreadsheet would run is marked as text."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
