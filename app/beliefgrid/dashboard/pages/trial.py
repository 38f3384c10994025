"""Trial: one evaluation, and why this cell was chosen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.views import StudyView, TrialView
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import Links, links_of
from beliefgrid.dashboard.numbers import When, cell_text, number, percent, span, when
from beliefgrid.dashboard.pages.trials import duration_of
from beliefgrid.dashboard.parts import Lead, reason, value_share
from beliefgrid.dashboard.render import PageContext, Part, respond
from beliefgrid.dashboard.states import Badge, trial_badge

router = APIRouter()
QUESTIONS = ("Why this cell?", "What came of it?")


@dataclass(frozen=True, slots=True)
class Move:
    """What a person can do with a trial."""

    wish: str
    text: str
    effect: str
    is_grave: bool = False


MOVES = {
    "release": Move("release", "Give back", "It waits for the next worker, under its number."),
    "stop": Move("stop", "Stop", "It ends; its last measurement, if any, is its result."),
    "again": Move("again", "Test again", "The same combination is queued for the next worker."),
    "delete": Move("delete", "Delete", "It and what it taught are taken out.", is_grave=True),
}
MOVES_OF = {
    "active": ("release", "stop", "delete"),
    "queued": ("stop", "delete"),
}

RULES = {
    "ei": "expected improvement",
    "lcb": "mean and one sd",
    "p_best": "P(best)",
    "thompson": "a random draw from the belief",
    "start": "first cells, spread over every parameter",
    "prior": "a draw from the prior",
    "repeat": "measured again, for the noise",
}


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A cell that would have been next."""

    text: str
    score: str


@dataclass(frozen=True, slots=True)
class Near:
    """A tested cell near this one."""

    text: str
    value: str
    correlation: str
    weight: float


@dataclass(frozen=True, slots=True)
class Why(Part):
    """Why a cell was chosen, as it was known at that moment."""

    template: ClassVar[str] = "parts/why.html"

    sentence: str
    rule: str
    rank: str
    mean: str
    sd: str
    interval: str
    p_best: str
    score: str
    value_share: float | None
    metric: str
    runner_ups: Sequence[RunnerUp]
    nearest: Sequence[Near]
    seq: int
    snapshot_href: str
    help_href: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it is."""

    name: str
    value: str
    moment: When | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Part):
    """What a trial is and what came of it."""

    template: ClassVar[str] = "parts/outcome.html"

    badge: Badge
    assignments: Sequence[tuple[str, Any]]
    facts: Sequence[Fact]
    notes: str
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Curve(Part):
    """The intermediate values of a trial."""

    template: ClassVar[str] = "parts/curve.html"

    metric: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TrialPage(PageContext):
    """A trial of a study."""

    template: ClassVar[str] = "pages/trial.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    outcome: Outcome
    why: Why | None
    curve: Curve
    action: str
    moves: Sequence[Move]
    can_fail: bool
    notes: str
    tags: str
    before_href: str | None
    after_href: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class _Read:
    study: StudyView
    trial: TrialView
    measurements: Sequence[Any]


@router.get("/studies/{study_id}/trials/{trial_number}")
async def trial(request: Request, study_id: str, trial_number: int) -> Response:
    """Show a trial."""
    found = await request.app.state.service.read(_read, study_id, trial_number)
    return respond(request, _page(request, found))


def _read(c: Connection, study_id: str, trial_number: int) -> _Read:
    return _Read(
        read.study(c, study_id),
        read.trial(c, study_id, trial_number),
        read.measurements(c, study_id, trial_number),
    )


def _page(request: Request, found: _Read) -> TrialPage:
    links, now, study, trial_ = links_of(request), layout.now(), found.study, found.trial
    title = f"Trial {trial_.number}"
    last = sum(study.counts.values())
    return TrialPage(
        frame=layout.frame(request, f"{title} · {study.name}", study=study, is_live=True),
        head=layout.study_head(links, study, None, title=title, badge=trial_badge(trial_.state)),
        lead=Lead(_sentence(study, trial_), QUESTIONS),
        outcome=_outcome(study, trial_, now),
        why=_why(links, study, trial_),
        curve=_curve(study, found.measurements),
        action=links.trial(study.id, trial_.number),
        moves=[MOVES[wish] for wish in MOVES_OF.get(trial_.state, ("again", "delete"))],
        can_fail=trial_.state in ("active", "queued", "expired"),
        notes=trial_.notes,
        tags=", ".join(trial_.tags),
        before_href=links.trial(study.id, trial_.number - 1) if trial_.number > 1 else None,
        after_href=links.trial(study.id, trial_.number + 1) if trial_.number < last else None,
        raw=json.dumps(trial_.explanation, indent=1, ensure_ascii=False),
    )


def _sentence(study: StudyView, found: TrialView) -> str:
    cell = cell_text(found.assignments)
    if found.value is not None:
        return f"{cell} gave {study.metric} {number(found.value)}."
    doing = {
        "queued": "waits for a worker",
        "active": f"is with worker {found.worker}" if found.worker else "is being evaluated",
        "expired": "was lost: its lease ran out",
        "cancelled": "was cancelled",
        "infeasible": "cannot work",
        "stopped": "was stopped early",
    }
    because = f": {found.reason}" if found.reason else ""
    return f"{cell} {doing.get(found.state, found.state)}{because}."


def _outcome(study: StudyView, found: TrialView, now: datetime) -> Outcome:
    seconds = duration_of(found)
    sd = f" ± {number(found.stddev, 2)}" if found.stddev is not None else ""
    lease = found.lease or {}
    facts = [
        Fact(study.metric, number(found.value) + sd) if found.value is not None else None,
        *(Fact(name, number(value)) for name, value in (found.values or {}).items()
          if name != study.metric),
        Fact("Reason", found.reason) if found.reason else None,
        Fact("Worker", found.worker) if found.worker else None,
        Fact("Lease ends", "", when(lease["expires_at"], now)) if lease else None,
        Fact("Source", found.source + (", late" if found.late else "")),
        Fact("Attempt", f"{found.attempt}") if found.attempt > 1 else None,
        Fact("Cell", _place(study, found)),
        Fact("Created", "", when(found.created_at, now)),
        Fact("Ended", "", when(found.completed_at, now)) if found.completed_at else None,
        Fact("Took", span(seconds)) if seconds is not None else None,
    ]  # fmt: skip
    return Outcome(
        badge=trial_badge(found.state),
        assignments=list(found.assignments.items()),
        facts=[fact for fact in facts if fact is not None],
        notes=found.notes,
        tags=found.tags,
    )


def _place(study: StudyView, found: TrialView) -> str:
    return "off the grid" if found.cell is None else f"{found.cell:,} of {study.grid_cells:,}"


def _interval(told: Mapping[str, Any] | None, value: float | None) -> str:
    """Return where the result was expected, and whether it came there."""
    if not told:
        return ""
    low, high = told["interval_95"]
    text = f"{number(low, 3)} to {number(high, 3)}"
    if value is None:
        return text
    return f"{text}; it came {'inside' if low <= value <= high else 'outside'}"


def _why(links: Links, study: StudyView, found: TrialView) -> Why | None:
    why: Mapping[str, Any] | None = found.explanation
    if not why:
        return None
    rank = why.get("rank")
    return Why(
        sentence=reason(why),
        rule=RULES.get(rule := str(why.get("rule", "")), rule.replace("_", " ")),
        rank=f"{rank:,} of {study.n_cells:,} cells" if isinstance(rank, int) else "",
        mean=number(why.get("mean")),
        sd=number(why.get("sd"), 2),
        interval=_interval(why.get("next_value"), found.value),
        p_best=percent(why.get("p_best")),
        score=number(why.get("score")),
        value_share=value_share(why),
        metric=study.metric,
        runner_ups=[
            RunnerUp(cell_text(one["assignments"]), number(one["score"]))
            for one in why.get("runner_ups") or []
        ],
        nearest=[
            Near(
                cell_text(one["assignments"]),
                number(one["value"]),
                percent(one["correlation"]),
                max(0.0, min(1.0, one["correlation"])),
            )
            for one in why.get("nearest_tested") or []
        ],
        seq=found.seq,
        snapshot_href=links.study(study.id, "posterior", at=found.seq),
        help_href=links.help("why"),
    )


def _curve(study: StudyView, measurements: Sequence[Any]) -> Curve:
    return Curve(study.metric, [(number(m.step), number(m.value)) for m in measurements])
