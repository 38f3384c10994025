"""What every page has around its content: the bar on top, and a study's head and tabs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from fastapi import Request

from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.links import Links, links_of, root_of
from beliefgrid.dashboard.numbers import count
from beliefgrid.dashboard.render import Part
from beliefgrid.dashboard.states import Badge, study_badge

THEME_COOKIE = "beliefgrid_theme"
COSTLY_PACE_MS = 5000  # between two looks; the first news after that is followed at once
THEMES = ("light", "dark")
SITE = (("Studies", "/"), ("Compare", "/compare"), ("Tokens", "/tokens"), ("Help", "/help"))
TABS = (
    ("Overview", ""),
    ("Posterior", "posterior"),
    ("Trials", "trials"),
    ("Convergence", "convergence"),
    ("Strategies", "strategies"),
    ("Prior", "prior"),
    ("What if", "what-if"),
    ("Workers", "workers"),
    ("API", "api"),
    ("Settings", "settings"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A link of a navigation, and whether it is where the reader is."""

    name: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The bar on top, the theme and what scripts need to know of the page."""

    title: str
    root: str
    links: Links
    tabs: Sequence[Tab]
    theme: str
    csrf_token: str
    is_signed_in: bool
    study_id: str
    seq: int
    snapshot_seq: int
    moved: int  # when anything happened to the study last, in microseconds
    is_live: bool
    shown: str
    pace_ms: int | None


@dataclass(frozen=True, slots=True)
class StudyHead(Part):
    """A study's name, state, progress and tabs; the same on each of its pages."""

    template: ClassVar[str] = "parts/study_head.html"

    name: str
    title: str
    studies_href: str
    study_href: str
    badge: Badge
    reason: str
    done: int
    budget: int | None
    progress: str
    tabs: Sequence[Tab]
    tags: Sequence[str]


def frame(
    request: Request,
    title: str,
    *,
    study: StudyView | None = None,
    is_live: bool = False,
    shown: Sequence[str] = (),
    is_costly: bool = False,
) -> Frame:
    """Return the frame of a page, of one study or of some; of none given, it follows all.

    A costly page makes the engine work each time that it is brought up to date.
    """
    links = links_of(request)
    path = request.scope.get("path", "/").removeprefix(root_of(request)) or "/"
    theme = request.cookies.get(THEME_COOKIE, "")
    return Frame(
        title=title,
        root=links.root,
        links=links,
        tabs=[Tab(name, links.page(to), _is_at(path, to)) for name, to in SITE],
        theme=theme if theme in THEMES else "",
        csrf_token=state_of(request, "csrf_token", ""),
        is_signed_in=state_of(request, "signed_in", default=False),
        study_id=study.id if study else "",
        seq=study.seq if study else 0,
        snapshot_seq=study.snapshot_seq if study else 0,
        moved=round(study.updated_at.timestamp() * 1e6) if study else 0,
        is_live=is_live,
        shown=" ".join(shown),
        pace_ms=COSTLY_PACE_MS if is_costly else None,
    )


def study_head(
    links: Links,
    study: StudyView,
    current: str | None,
    *,
    title: str | None = None,
    badge: Badge | None = None,
) -> StudyHead:
    """Return the head of a study's page; without a title the page is the study's own.

    The badge is the study's state, or that of what the page is about.
    """
    budget = (study.definition.get("budget") or {}).get("trials")
    done = finished(study)
    return StudyHead(
        name=study.name,
        title=title or study.name,
        studies_href=links.page("/"),
        study_href=links.study(study.id),
        badge=badge or study_badge(study.state),
        reason=(study.state_reason or "") if badge is None else "",
        done=done,
        budget=budget,
        progress=progress_text(done, budget),
        tabs=[Tab(name, links.study(study.id, to), to == current) for name, to in TABS],
        tags=study.tags,
    )


def finished(study: StudyView) -> int:
    """Return how many trials have taught something."""
    counts = study.counts
    return sum(counts.get(state, 0) for state in ("completed", "infeasible", "stopped"))


def progress_text(done: int, budget: int | None) -> str:
    """Return `37 of 100 trials`, or how many there are when no budget is set."""
    return count(done, "trial") if budget is None else f"{done:,} of {count(budget, 'trial')}"


def now() -> datetime:
    """Return the time that pages are relative to."""
    return datetime.now(UTC)


def state_of(request: Request, name: str, default: Any) -> Any:
    """Return what the middleware noted of a request, if it did."""
    return getattr(request.state, name, default)


def _is_at(path: str, to: str) -> bool:
    if to == "/":
        return path == "/" or path.startswith("/studies")
    return path == to
