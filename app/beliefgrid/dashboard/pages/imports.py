"""Import: results from a spreadsheet, looked at before they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid.actions import read
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.queue import MAX_ROWS, import_batch
from beliefgrid.actions.views import Imported, StudyView
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import address_level, count
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.results_csv import Table, read_results
from beliefgrid.search import SearchError

router = APIRouter()
QUESTIONS = ("What would be stored?", "Does it fit the grid?")


@dataclass(frozen=True, slots=True)
class ImportPage(PageContext):
    """The import of results."""

    template: ClassVar[str] = "pages/import.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    action: str
    text: str
    example: str
    most: int
    problem: str
    findings: Sequence[str]


@router.get("/studies/{study_id}/import")
async def form(request: Request, study_id: str) -> Response:
    """Show the form."""
    study = await request.app.state.service.read(read.study, study_id)
    return respond(request, _page(request, study))


@router.post("/studies/{study_id}/import")
async def send(request: Request, study_id: str) -> Response:
    """Say what an import would do, or do it."""
    service, sent = request.app.state.service, await request.form()
    study = await service.read(read.study, study_id)
    text, is_dry = str(sent.get("csv", "")), sent.get("wish") != "import"
    try:
        table = read_results(text, study.parameters, study.metric)
        done: Imported = await service.write(
            import_batch, study_id, rows=list(table.rows), dry_run=is_dry,
            actor=layout.state_of(request, "actor", None),
        )  # fmt: skip
    except (ActionError, SearchError, FormError) as error:
        page = _page(request, study, text=text, problem=str(error))
        return respond(request, page, status=422)
    if is_dry:
        return respond(request, _page(request, study, text=text, findings=_findings(table, done)))
    to = links_of(request).study(study_id, "trials")
    return Response(status_code=303, headers={"Location": to})


def _findings(table: Table, done: Imported) -> list[str]:
    on_grid = done.accepted - done.off_grid
    found = [f"{count(done.accepted, 'result')} would be stored, {on_grid:,} of them on the grid."]
    if done.off_grid:
        found.append(f"{done.off_grid:,} would be kept off the grid: they teach the model nothing.")
    places = {repr(sorted(row["assignments"].items())) for row in table.rows}
    if len(places) < len(table.rows):
        found.append(f"{len(table.rows) - len(places):,} repeat a combination of the same table.")
    if table.without_value:
        found.append(f"{count(table.without_value, 'line')} without a result are left out.")
    if table.ignored:
        found.append(f"These columns are not used: {', '.join(table.ignored)[:300]}.")
    return found


def _page(
    request: Request,
    study: StudyView,
    *,
    text: str = "",
    problem: str = "",
    findings: Sequence[str] = (),
) -> ImportPage:
    links = links_of(request)
    return ImportPage(
        frame=layout.frame(request, f"Import · {study.name}", study=study),
        head=layout.study_head(links, study, "trials", title="Import results"),
        lead=Lead("Results that were measured elsewhere become trials of this study.", QUESTIONS),
        action=links.study(study.id, "import"),
        text=text,
        example=_example(study.parameters, study.metric),
        most=MAX_ROWS,
        problem=problem,
        findings=findings,
    )


def _example(parameters: Sequence[Mapping[str, Any]], metric: str) -> str:
    names = ",".join([*(str(p["name"]) for p in parameters), metric])
    levels = ",".join([*(address_level(p["values"][0]) for p in parameters), "0.5"])
    return f"{names}\n{levels}"
