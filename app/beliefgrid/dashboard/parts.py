"""Parts that several pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from beliefgrid.actions.views import StudyView, TrialView
from beliefgrid.dashboard.checks import Check
from beliefgrid.dashboard.layout import finished
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.links import Links
from beliefgrid.dashboard.numbers import (
    NOTHING,
    When,
    cell_text,
    count,
    number,
    percent,
    share,
    span,
    when,
)
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.states import Badge, trial_badge

MOST_TESTED_SHOWN = 5
MOST_COLUMNS = 3  # with more parameters a combination is one text


@dataclass(frozen=True, slots=True)
class Lead(Part):
    """The sentence that a page opens with, and the questions that the page answers."""

    template: ClassVar[str] = "parts/lead.html"

    sentence: str
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stat:
    """One number that matters: its name, value, unit or context, and where it is explained."""

    label: str
    value: str
    note: str
    help_href: str


@dataclass(frozen=True, slots=True)
class Stats(Part):
    """The numbers that matter, in a row."""

    template: ClassVar[str] = "parts/stats.html"

    items: Sequence[Stat]


@dataclass(frozen=True, slots=True)
class Checks(Part):
    """What is wrong or worth knowing."""

    template: ClassVar[str] = "parts/checks.html"

    items: Sequence[Check]
    action: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Belief:
    """One cell in a ranking."""

    rank: int
    values: Sequence[Any]
    text: str
    p_best: float
    mean: str
    sd: str
    observations: int


@dataclass(frozen=True, slots=True)
class Beliefs(Part):
    """The cells that are most likely the best one, over the whole grid."""

    template: ClassVar[str] = "parts/beliefs.html"

    parameters: Sequence[str]
    is_wide: bool
    metric: str
    rows: Sequence[Belief]
    n_cells: int
    moment: str
    help_href: str


@dataclass(frozen=True, slots=True)
class Tested:
    """A tested cell, with its share among the tested and over the grid."""

    text: str
    among_tested: float
    over_grid: float | None


@dataclass(frozen=True, slots=True)
class AmongTested(Part):
    """The two posteriors beside each other: among the tested cells, and over the grid."""

    template: ClassVar[str] = "parts/among_tested.html"

    rows: Sequence[Tested]
    n_left_out: int
    n_tested: int
    n_cells: int
    grid_share: str
    help_href: str


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A trial in a list."""

    number: int
    href: str
    badge: Badge
    text: str
    value: str
    worker: str
    moment: When | None


@dataclass(frozen=True, slots=True)
class Latest(Part):
    """The newest trials of a study."""

    template: ClassVar[str] = "parts/latest.html"

    metric: str
    rows: Sequence[TrialLine]
    href: str
    api_href: str


@dataclass(frozen=True, slots=True)
class NextUp(Part):
    """The cell that the next worker gets, and why."""

    template: ClassVar[str] = "parts/next_up.html"

    text: str
    sentence: str
    mean: str
    sd: str
    p_best: str
    value_share: float | None
    metric: str


def stats_of(
    links: Links, study: StudyView, summary: Mapping[str, Any] | None, now: datetime
) -> Stats:
    """Return the numbers that matter of a study."""
    known = summary or {}
    leader = leader_of(known) or {}
    tested = f"{study.cells_tested:,} of {count(study.n_cells, 'cell')}"
    numbers = [
        ("P(best) of the leader", percent(leader.get("p_best")), "over the whole grid", "p_best"),
        (
            f"Best {study.metric}",
            number(known.get("best_value")),
            f"measured, to {study.goal}",
            "best_value",
        ),
        (
            "Expected regret",
            number(known.get("expected_regret"), 3),
            f"{study.metric}, if it ended now",
            "expected_regret",
        ),
        (
            "95 % of the belief",
            _cells(known.get("cells_in_95")),
            f"of {study.n_cells:,}",
            "cells_in_95",
        ),
        ("Grid tested", share(study.cells_tested, study.n_cells), tested, "coverage"),
        ("Time left", eta_of(study, now), "at the pace so far", "eta"),
    ]
    return Stats(
        [Stat(label, value, note, links.help(topic)) for label, value, note, topic in numbers]
    )


def eta_of(study: StudyView, now: datetime) -> str:
    """Return how long the budget lasts at the pace so far."""
    budget = (study.definition.get("budget") or {}).get("trials")
    done = finished(study)
    if study.state in ("converged", "exhausted"):
        return "done"
    is_moving = study.state == "active" and study.counts.get("active", 0) > 0
    if not is_moving or not budget or done < 2 or not study.started_at:  # noqa: PLR2004 - a pace needs two
        return NOTHING
    elapsed = ((study.last_result_at or now) - study.started_at).total_seconds()
    return f"≈ {span(max(1.0, round(elapsed / done * (budget - done))))}"


def beliefs_of(
    links: Links, study: StudyView, top: Sequence[Mapping[str, Any]], *, moment: str
) -> Beliefs:
    """Return a ranking of cells."""
    names = [parameter["name"] for parameter in study.parameters]
    rows = [
        Belief(
            rank=rank,
            values=[found["assignments"].get(name, NOTHING) for name in names],
            text=cell_text(found["assignments"]),
            p_best=found["p_best"],
            mean=number(found["mean"]),
            sd=number(found["sd"], 2),
            observations=found["observations"],
        )
        for rank, found in enumerate(top, 1)
    ]
    is_wide = len(names) > MOST_COLUMNS
    return Beliefs(names, is_wide, study.metric, rows, study.n_cells, moment, links.help("p_best"))


def among_tested_of(
    links: Links,
    study: StudyView,
    summary: Mapping[str, Any] | None,
    top: Sequence[Mapping[str, Any]],
) -> AmongTested | None:
    """Return the posterior among the tested cells beside that over the grid."""
    tested = (summary or {}).get("among_tested") or []
    if not tested:
        return None
    over_grid = {found["cell"]: found["p_best"] for found in top}
    best_first = sorted(tested, key=lambda found: -found["p_best"])
    rows = [
        Tested(cell_text(f["assignments"]), f["p_best"], over_grid.get(f["cell"]))
        for f in best_first[:MOST_TESTED_SHOWN]
    ]
    known = summary or {}
    n_tested = max(len(tested), int(known.get("tested", 0)) - int(known.get("infeasible", 0)))
    return AmongTested(
        rows,
        n_tested - len(rows),
        n_tested,
        study.n_cells,
        percent(known.get("tested_p_best")),
        links.help("among-tested"),
    )


def latest_of(links: Links, study: StudyView, trials: Sequence[TrialView], now: datetime) -> Latest:
    """Return the newest trials as a list."""
    rows = [trial_line(links, trial, now) for trial in trials]
    return Latest(study.metric, rows, links.study(study.id, "trials"), links.study(study.id, "api"))


def trial_line(links: Links, trial: TrialView, now: datetime) -> TrialLine:
    """Return a trial as a line of a list."""
    return TrialLine(
        number=trial.number,
        href=links.trial(trial.study_id, trial.number),
        badge=trial_badge(trial.state),
        text=cell_text(trial.assignments),
        value=number(trial.value) if trial.value is not None else "",
        worker=trial.worker or "",
        moment=when(trial.completed_at or trial.started_at or trial.created_at, now),
    )


def next_up_of(study: StudyView, summary: Mapping[str, Any] | None) -> NextUp | None:
    """Return the next suggestion of a study that still makes some."""
    found = (summary or {}).get("next")
    if not found or study.state not in ("active", "paused"):
        return None
    why = found.get("explanation") or {}
    return NextUp(
        text=cell_text(found["assignments"]),
        sentence=reason(why),
        mean=number(why.get("mean")),
        sd=number(why.get("sd"), 2),
        p_best=percent(why.get("p_best")),
        value_share=value_share(why),
        metric=study.metric,
    )


def reason(why: Mapping[str, Any]) -> str:
    """Return why a cell was chosen, without its name, which is beside it."""
    cell, is_next, rest = str(why.get("sentence", "")).partition(" is next: ")
    return rest[:1].upper() + rest[1:] if is_next else cell


def value_share(why: Mapping[str, Any]) -> float | None:
    """Return how much of a cell's promise comes from its predicted value, 0 to 1."""
    value, doubt = why.get("improvement_from_value"), why.get("improvement_from_uncertainty")
    if value is None or doubt is None:
        return None
    value, doubt = max(0.0, float(value)), max(0.0, float(doubt))
    return value / (value + doubt) if value + doubt > 0 else None


def _cells(n: int | None) -> str:
    return NOTHING if n is None else count(int(n), "cell")
