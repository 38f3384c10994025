"""Workers: who is alive, what each works on, and which of them fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.views import StudyView, TrialView, WorkerView
from beliefgrid.actions.workers import release_worker
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import When, cell_text, count, when
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.states import Badge

router = APIRouter()
QUESTIONS = ("Who is alive?", "Who is late or lost?", "Who fails?")
LATE_AFTER = timedelta(minutes=10)
MOST_ACTIVE = 200


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker: how it is, and what it did."""

    name: str
    badge: Badge
    active: int
    completed: int
    failed: int
    failure_rate: float | None
    last_seen: When | None
    is_quarantined: bool
    trials_href: str


@dataclass(frozen=True, slots=True)
class Lease:
    """An open trial: whose, and for how long."""

    number: int
    href: str
    worker: str
    text: str
    since: When | None
    ends: When | None


@dataclass(frozen=True, slots=True)
class WorkerTable(Part):
    """All workers of a study."""

    template: ClassVar[str] = "parts/worker_table.html"

    rows: Sequence[Worker]
    release_action: str
    csrf_token: str
    api_href: str


@dataclass(frozen=True, slots=True)
class Leases(Part):
    """The trials that are with workers now."""

    template: ClassVar[str] = "parts/leases.html"

    rows: Sequence[Lease]
    help_href: str


@dataclass(frozen=True, slots=True)
class WorkersPage(PageContext):
    """The workers of a study."""

    template: ClassVar[str] = "pages/workers.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    table: WorkerTable
    leases: Leases


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    workers: Sequence[WorkerView]
    active: Sequence[TrialView]


@router.get("/studies/{study_id}/workers")
async def workers(request: Request, study_id: str) -> Response:
    """Show who works on a study."""
    found = await request.app.state.service.read(_read, study_id)
    return respond(request, _page(request, found))


@router.post("/studies/{study_id}/workers")
async def release(request: Request, study_id: str) -> Response:
    """Let a worker that failed too often go on."""
    worker = str((await request.form()).get("worker", ""))
    actor = layout.state_of(request, "actor", None)
    await request.app.state.service.write(release_worker, study_id, worker, actor=actor)
    to = links_of(request).study(study_id, "workers")
    return Response(status_code=303, headers={"Location": to})


def _read(c: Connection, study_id: str) -> _Read:
    study = read.study(c, study_id)
    active = read.trials(c, study_id, state="active", limit=MOST_ACTIVE).items
    return _Read(study, read.workers(c, study_id), active)


def _page(request: Request, found: _Read) -> WorkersPage:
    links, now, study = links_of(request), layout.now(), found.study
    rows = [_worker(links, study, worker, now) for worker in found.workers]
    order = {"bad": 0, "warn": 1, "good": 2, "quiet": 3}
    frame = layout.frame(request, f"Workers · {study.name}", study=study, is_live=True)
    return WorkersPage(
        frame=frame,
        head=layout.study_head(links, study, "workers", title="Workers"),
        lead=Lead(_sentence(rows), QUESTIONS),
        table=WorkerTable(
            sorted(rows, key=lambda row: (order[row.badge.tone], row.name)),
            links.study(study.id, "workers"),
            frame.csrf_token,
            links.study(study.id, "api"),
        ),
        leases=Leases([_lease(links, trial, now) for trial in found.active], links.help("lease")),
    )


def _sentence(rows: Sequence[Worker]) -> str:
    if not rows:
        return "No worker has asked yet."
    parts = [f"{count(len(rows), 'worker')}: {sum(row.active > 0 for row in rows)} busy"]
    stopped = [row.name for row in rows if row.is_quarantined]
    late = [row.name for row in rows if row.badge.state == "late"]
    if stopped:
        parts.append(f"{', '.join(stopped)} failed too often and get nothing more")
    if late:
        parts.append(f"no sign of {', '.join(late)} for a while")
    return "; ".join(parts) + "."


def _worker(links: Links, study: StudyView, worker: WorkerView, now: datetime) -> Worker:
    total = worker.completed + worker.failed
    return Worker(
        name=worker.name,
        badge=_badge(worker, now),
        active=worker.active,
        completed=worker.completed,
        failed=worker.failed,
        failure_rate=worker.failed / total if total else None,
        last_seen=when(worker.last_seen_at, now),
        is_quarantined=worker.is_quarantined,
        trials_href=links.study(study.id, "trials", worker=worker.name),
    )


def _badge(worker: WorkerView, now: datetime) -> Badge:
    if worker.is_quarantined:
        return Badge("quarantined", "gets nothing more", "bad", "▼")
    if not worker.active:
        return Badge("idle", "idle", "quiet", "○")
    if worker.last_seen_at is None or now - worker.last_seen_at > LATE_AFTER:
        return Badge("late", "no sign", "warn", "◇")
    return Badge("alive", "busy", "good", "●")


def _lease(links: Links, trial: TrialView, now: datetime) -> Lease:
    return Lease(
        number=trial.number,
        href=links.trial(trial.study_id, trial.number),
        worker=trial.worker or "unnamed",
        text=cell_text(trial.assignments),
        since=when(trial.started_at, now),
        ends=when((trial.lease or {}).get("expires_at"), now),
    )
