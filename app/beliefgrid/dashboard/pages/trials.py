"""Trials: what was tried, filtered, sorted, page by page, and as CSV."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from beliefgrid.actions import crowds, read
from beliefgrid.actions.many import VERBS, Many, do_with_trials
from beliefgrid.actions.states import TRIAL_STATES
from beliefgrid.actions.views import Page, StudyView, TrialView
from beliefgrid.dashboard import charts, layout, sentences, sketch
from beliefgrid.dashboard.links import Links, links_of, query_text
from beliefgrid.dashboard.numbers import (
    NOTHING,
    When,
    address_level,
    count,
    level,
    number,
    span,
    when,
)
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.states import Badge, trial_badge
from beliefgrid.dashboard.trial_filter import Filter, filter_of
from beliefgrid.dashboard.view import FIXED

router = APIRouter()
QUESTIONS = ("What was tried?", "What failed, and why?", "Who works on what?")
PER_PAGE = 50
REASON = "ended by a person"
PER_READ = 1000
MOST_SKETCHED = 250
MOST_AT_ONCE = 10_000  # results that are searched for those of a filter before the page is sent
WORDS = {
    "-number": "newest first",
    "number": "oldest first",
    "value": "lowest value first",
    "-value": "highest value first",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A trial in the table."""

    number: int
    href: str
    badge: Badge
    values: Sequence[Any]
    value: str
    stddev: str
    worker: str
    moment: When | None
    duration: str
    remark: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that sorts: where a click leads, and how it sorts now."""

    text: str
    href: str
    order: str


@dataclass(frozen=True, slots=True)
class TrialTable(Part):
    """A page of trials."""

    template: ClassVar[str] = "parts/trial_table.html"

    parameters: Sequence[str]
    number_heading: Heading
    value_heading: Heading
    rows: Sequence[Row]
    next_href: str | None
    first_href: str | None
    caption: str
    is_filtered: bool
    api_href: str
    action: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class LevelSelect:
    """A parameter whose level may be asked for."""

    field: str
    name: str
    options: Sequence[Option]
    chosen: str


@dataclass(frozen=True, slots=True)
class TrialsPage(PageContext):
    """The trials of a study."""

    template: ClassVar[str] = "pages/trials.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    states: Sequence[Option]
    workers: Sequence[Option]
    sorts: Sequence[Option]
    levels: Sequence[LevelSelect]
    low: str
    high: str
    metric: str
    is_narrow: bool
    history: sketch.History
    table: TrialTable
    csv_href: str
    import_href: str
    jump_action: str
    said: str


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    wanted: Filter
    trials: Page[TrialView]
    workers: Sequence[str]
    results: crowds.Sample


@router.get("/studies/{study_id}/trials")
async def trials(request: Request, study_id: str) -> Response:
    """List the trials of a study; `?number=` jumps to one."""
    query = request.query_params
    number_text = query.get("number", "")
    if number_text.isascii() and number_text.isdigit():
        to = links_of(request).trial(study_id, int(number_text[:15]))
        return Response(status_code=303, headers={"Location": to})
    found = await request.app.state.service.read(_read, study_id, query)
    return respond(request, _page(request, found))


@router.get("/studies/{study_id}/charts/history")
async def history(request: Request, study_id: str) -> Response:
    """Return the results to draw: an even sample, every improvement, and the exact best line.

    Of all trials, or of those that the filter of the Trials page leaves.
    """
    found = await request.app.state.service.read(_history, study_id, request.query_params)
    items = [
        {"order": p.position + 1, "number": p.number, "value": p.value, "best_so_far": p.best}
        for p in found.points
    ]
    return charts.feed(request, {"total": found.total, "items": items})


@router.get("/studies/{study_id}/trials.csv")
async def trials_csv(request: Request, study_id: str) -> StreamingResponse:
    """Return the trials that the filter leaves, as CSV."""
    service = request.app.state.service
    study = await service.read(read.study, study_id)
    wanted = filter_of(request.query_params, study.parameters)
    name = f'attachment; filename="{study_id}-trials.csv"'
    return StreamingResponse(
        _csv(service, study, wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )


@router.post("/studies/{study_id}/trials")
async def change_many(request: Request, study_id: str) -> Response:
    """Do the same with all trials that are ticked; say how many it was."""
    service, sent = request.app.state.service, await request.form()
    verb = str(sent.get("wish", ""))
    ticked = [str(value) for value in sent.getlist("number")]
    if verb not in VERBS or not all(t.isascii() and t.isdigit() and len(t) < 16 for t in ticked):  # noqa: PLR2004 - fits 64 bits
        raise HTTPException(422, "This form is not one of ours; load the page again.")
    done: Many = await service.write(
        do_with_trials,
        study_id,
        [int(text) for text in ticked],
        verb=verb,
        reason=REASON,
        actor=layout.state_of(request, "actor", None),
    )
    study = await service.read(read.study, study_id)
    wanted = filter_of(request.query_params, study.parameters)
    query = wanted.query(done=done.changed, refused=len(done.refused) or None)
    to = links_of(request).study(study_id, "trials", **query)
    return Response(status_code=303, headers={"Location": to})


def _read(c: Connection, study_id: str, query: QueryParams) -> _Read:
    study = read.study(c, study_id)
    wanted = filter_of(query, study.parameters)
    found = read.trials(
        c, study_id, state=wanted.state, worker=wanted.worker, sort=wanted.sort,
        among=wanted.chosen.among, cursor=query.get("cursor") or None, limit=PER_PAGE,
    )  # fmt: skip
    workers = [worker.name for worker in read.workers(c, study_id)]
    is_costly = wanted.is_narrow and study.observations > MOST_AT_ONCE
    none = crowds.Sample(0, [])  # the chart's own feed has it, a moment later
    results = (
        none if is_costly else crowds.sample_of(c, study, most=MOST_SKETCHED, chosen=wanted.chosen)
    )
    return _Read(study, wanted, found, workers, results)


def _history(c: Connection, study_id: str, query: QueryParams) -> crowds.Sample:
    study = read.study(c, study_id)
    chosen = filter_of(query, study.parameters).chosen
    return crowds.sample_of(c, study, most=charts.MOST_POINTS, chosen=chosen)


def _page(request: Request, found: _Read) -> TrialsPage:
    links, study, wanted = links_of(request), found.study, found.wanted
    names = [("", "any")] + [(name, name) for name in found.workers]
    query = query_text(wanted.query(sort=None)).removeprefix("?")
    return TrialsPage(
        frame=layout.frame(request, f"Trials · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, "trials", title="Trials"),
        lead=Lead(sentences.trials(study), QUESTIONS),
        states=_options([("", "any"), *((s, s) for s in TRIAL_STATES)], wanted.state or ""),
        workers=_options(names, wanted.worker or ""),
        sorts=_options(list(WORDS.items()), wanted.sort),
        levels=[_level_select(parameter, wanted) for parameter in study.parameters],
        low="" if wanted.low is None else address_level(wanted.low),
        high="" if wanted.high is None else address_level(wanted.high),
        metric=study.metric,
        is_narrow=wanted.is_narrow,
        history=_history_of(found, query),
        table=_table(request, links, found, wanted),
        csv_href=links.study(study.id, "trials.csv", **wanted.query()),
        import_href=links.study(study.id, "import"),
        said=_said(request),
        jump_action=links.study(study.id, "trials"),
    )


def _table(request: Request, links: Links, found: _Read, wanted: Filter) -> TrialTable:
    study, now = found.study, layout.now()
    names = [parameter["name"] for parameter in study.parameters]
    is_first = not request.query_params.get("cursor")

    def href(**changes: Any) -> str:
        return links.study(study.id, "trials", **wanted.query(**changes))

    return TrialTable(
        parameters=names,
        number_heading=_heading("Trial", "number", wanted.sort, href),
        value_heading=_heading(study.metric, "value", wanted.sort, href),
        rows=[_row(links, trial, names, now) for trial in found.trials.items],
        next_href=href(cursor=found.trials.next_cursor) if found.trials.next_cursor else None,
        first_href=None if is_first else href(),
        caption=f"{count(len(found.trials.items), 'trial')}, {WORDS[wanted.sort]}",
        is_filtered=wanted.is_narrow or not is_first,
        api_href=links.study(study.id, "api"),
        action=links.study(study.id, "trials", **wanted.query()),
        csrf_token=layout.state_of(request, "csrf_token", ""),
    )


def _said(request: Request) -> str:
    """Return what became of the trials that were ticked."""
    query = request.query_params
    done, refused = query.get("done", ""), query.get("refused", "")
    if not (done.isascii() and done.isdigit() and len(done) < len("10000")):
        return ""
    text = f"Done with {count(int(done), 'trial')}."
    if refused.isascii() and refused.isdigit() and len(refused) < len("10000"):
        text += f" {count(int(refused), 'trial')} had ended before and stayed as they were."
    return text


def _heading(text: str, name: str, sort: str, href: Any) -> Heading:
    """Return a column's heading; a click sorts by it, another click the other way."""
    if sort == name:
        return Heading(text, href(sort=f"-{name}"), "ascending")
    return Heading(text, href(sort=name), "descending" if sort == f"-{name}" else "")


def _row(links: Links, trial: TrialView, names: Sequence[str], now: datetime) -> Row:
    return Row(
        number=trial.number,
        href=links.trial(trial.study_id, trial.number),
        badge=trial_badge(trial.state),
        values=[trial.assignments.get(name, NOTHING) for name in names],
        value=number(trial.value) if trial.value is not None else "",
        stddev=number(trial.stddev, 2) if trial.stddev is not None else "",
        worker=trial.worker or "",
        moment=when(trial.completed_at or trial.started_at or trial.created_at, now),
        duration=span(seconds) if (seconds := duration_of(trial)) is not None else "",
        remark=_remark(trial),
        is_open=trial.state in ("active", "queued"),
    )


def duration_of(trial: TrialView) -> float | None:
    """Return how many seconds a trial took: as its worker said, or from ask to tell."""
    if trial.duration is not None:
        return trial.duration
    if trial.started_at and trial.completed_at:
        return (trial.completed_at - trial.started_at).total_seconds()
    return None


def _remark(trial: TrialView) -> str:
    remarks = [trial.reason or "", "late" if trial.late else "", trial.notes]
    remarks.append("off the grid" if trial.cell is None else "")
    return " · ".join(remark for remark in remarks if remark)


def _history_of(found: _Read, query: str) -> sketch.History:
    study = found.study
    drawn = sketch.history_of(study.id, study.metric, study.goal, found.results, query)
    is_later = query and not found.results.total and study.observations > MOST_AT_ONCE
    return replace(drawn, is_later=bool(is_later))


def _level_select(parameter: Mapping[str, Any], wanted: Filter) -> LevelSelect:
    name = parameter["name"]
    chosen = dict(wanted.levels).get(name)
    levels = [(address_level(value), level(value)) for value in parameter["values"]]
    picked = "" if chosen is None else address_level(chosen)
    return LevelSelect(FIXED + name, name, _options([("", "any"), *levels], picked), picked)


def _options(choices: Sequence[tuple[str, str]], chosen: str) -> list[Option]:
    return [Option(value, text, value == chosen) for value, text in choices]


# ---------------------------------------------------------------- CSV
async def _csv(service: Any, study: StudyView, wanted: Filter) -> AsyncIterator[str]:
    names = [parameter["name"] for parameter in study.parameters]
    yield _line(["number", "state", *names, study.metric, "stddev", "worker", "created_at",
                 "completed_at", "duration_s", "reason", "notes"])  # fmt: skip
    cursor: str | None = None
    while True:
        page: Page[TrialView] = await service.read(
            read.trials, study.id, state=wanted.state, worker=wanted.worker, sort=wanted.sort,
            among=wanted.chosen.among, cursor=cursor, limit=PER_READ,
        )  # fmt: skip
        yield "".join(_line(_cells(trial, names)) for trial in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _cells(trial: TrialView, names: Sequence[str]) -> list[Any]:
    given = [trial.assignments.get(name) for name in names]
    values = [value if isinstance(value, str) else json.dumps(value) for value in given]
    ended = trial.completed_at.isoformat() if trial.completed_at else None
    return [trial.number, trial.state, *values, trial.value, trial.stddev, trial.worker,
            trial.created_at.isoformat(), ended, duration_of(trial), trial.reason,
            trial.notes]  # fmt: skip


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(["" if cell is None else _harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "@") else cell
