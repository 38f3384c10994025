"""Settings: a person's hand on a study: pause, stop, budget, words, archive."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.definitions import definition_of
from beliefgrid.actions.errors import ActionError, InvalidTransitionError
from beliefgrid.actions.manage import delete_study, patch_study, restore_study
from beliefgrid.actions.states import STUDY_MOVES
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.bodies import bodies_of, checked
from beliefgrid.dashboard.levels import extended, read_levels, typed_levels, with_levels
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import address_level, count, level
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.view import FIXED, values_of
from beliefgrid.search import SearchError

router = APIRouter()
QUESTIONS = ("Shall it go on?", "How long may it take?", "What is it about?")
MOST_TAGS = 32
MOST_DIGITS = 10
LEVELS = "levels."
VERSIONED = ("describe", "levels", "exclude", "allow")
GRID_WISHES = ("levels", "add_level", "restore_levels", "exclude", "allow")


@dataclass(frozen=True, slots=True)
class Move:
    """A state that a person can put the study into."""

    state: str
    text: str
    effect: str
    is_grave: bool = False


MOVES = {
    "active": Move("active", "Resume", "Workers get suggestions again."),
    "paused": Move("paused", "Pause", "Workers get nothing until it is resumed."),
    "exhausted": Move("exhausted", "Stop", "It ends here; results are kept.", is_grave=True),
    "archived": Move("archived", "Archive", "It ends and is put away; resume takes it back."),
}


@dataclass(frozen=True, slots=True)
class LevelField:
    """The levels of one parameter, as a field."""

    field: str
    name: str
    levels: str
    kind: str
    picks: Sequence[tuple[str, str]]

    @property
    def fixed(self) -> str:
        """The name of the field that picks one of them."""
        return FIXED + self.name


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that excludes cells, in words; by its place it is taken away."""

    text: str
    place: int | None


@dataclass(frozen=True, slots=True)
class SettingsPage(PageContext):
    """The settings of a study."""

    template: ClassVar[str] = "pages/settings.html"

    frame: layout.Frame
    head: layout.StudyHead
    lead: Lead
    problem: str
    saved: bool
    action: str
    moves: Sequence[Move]
    name: str
    tags: str
    notes: str
    budget: str
    regret: str
    probability: str
    does_stop: bool
    metric: str
    version: int
    levels: Sequence[LevelField]
    n_cells: str
    rules: Sequence[Rule]
    excluded: str
    undo_revision: int | None


@dataclass(frozen=True, slots=True)
class DeletedPage(PageContext):
    """A study that was just deleted, and the way back."""

    template: ClassVar[str] = "pages/deleted.html"

    frame: layout.Frame
    action: str
    home_href: str


@router.get("/studies/{study_id}/settings")
async def settings(request: Request, study_id: str) -> Response:
    """Show what a person can change of a study."""
    study = await request.app.state.service.read(read.study, study_id)
    page, query = _page(request, study), request.query_params
    before = query.get("before", "")
    is_undoable = before.isascii() and before.isdigit() and len(before) < MOST_DIGITS
    return respond(
        request,
        replace(
            page,
            saved=query.get("saved") == "yes",
            undo_revision=int(before) if is_undoable and int(before) < study.revision else None,
        ),
    )


@router.post("/studies/{study_id}/settings")
async def change(request: Request, study_id: str) -> Response:
    """Change a study, and say so; or say why not."""
    service, links = request.app.state.service, links_of(request)
    sent = {key: str(value) for key, value in (await request.form()).items()}
    actor = layout.state_of(request, "actor", None)
    wish = "allow" if "allow" in sent else sent.get("wish", "")
    if wish == "delete":
        await service.write(delete_study, study_id, actor=actor)
        return respond(request, _deleted(request, study_id))
    if wish == "restore":
        await service.write(restore_study, study_id, actor=actor)
        return _go_to(links.study(study_id))
    try:
        before = await _change(request, study_id, wish, sent)
    except (ActionError, SearchError, ValueError) as error:
        study = await service.read(read.study, study_id)
        return respond(request, replace(_page(request, study), problem=str(error)), status=422)
    return _go_to(links.study(study_id, "settings", saved="yes", before=before))


async def _change(
    request: Request, study_id: str, wish: str, sent: Mapping[str, str]
) -> int | None:
    """Make a change; return the revision that takes it back, if it was one of the grid."""
    service, before = request.app.state.service, None
    actor = layout.state_of(request, "actor", None)
    version = (
        _whole("version", sent["version"]) if wish in VERSIONED and "version" in sent else None
    )
    if wish in GRID_WISHES:
        changes, before = await service.read(_grid_changes, study_id, wish, sent)
    else:
        changes = _changes(wish, sent)
    body = checked(bodies_of(request).patch, changes)
    after = await service.write(
        patch_study, study_id, changes=body.changes(), if_version=version, actor=actor
    )
    if before is None:
        return None
    if _is_all_tested(before) and after.cells_tested < after.n_cells:
        with suppress(InvalidTransitionError):  # the budget is spent, too
            await service.write(patch_study, study_id, changes={"state": "active"}, actor=actor)
    return int(before.revision)


def _grid_changes(
    c: Connection, study_id: str, wish: str, sent: Mapping[str, str]
) -> tuple[dict[str, Any], StudyView]:
    """Return the changes of an edit of the grid, and the study before it.

    Raises:
        ValueError: a field cannot be read, or there is no such parameter or revision.
    """
    study = read.study(c, study_id)
    parameters: list[dict[str, Any]] = study.parameters
    if wish == "restore_levels":
        revision = _whole("revision", sent.get("revision", ""))
        if not 1 <= revision <= study.revision:
            raise ValueError("The study has no such revision; load the page again.")
        then = definition_of(c, study_id, revision)
        if then["parameters"] == parameters:
            return {"constraints": then.get("constraints")}, study
        parameters = then["parameters"]
    elif wish in ("exclude", "allow"):
        return _rules(study, wish, sent), study
    elif wish == "add_level":
        parameters = _with_one_more(parameters, sent.get("name", ""), sent.get("level", ""))
    else:
        parameters = [
            parameter | {"values": read_levels(sent[field], parameter)}
            if (field := f"{LEVELS}{i}") in sent
            else parameter
            for i, parameter in enumerate(parameters)
        ]
    return {"parameters": parameters}, study


def _is_all_tested(study: StudyView) -> bool:
    return study.state == "exhausted" and study.cells_tested >= study.n_cells


def _rules(study: StudyView, wish: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the constraints with one table more, or less.

    Raises:
        ValueError: nothing was picked, or there is no such rule.
    """
    rules = dict(study.definition.get("constraints") or {})
    tables = list(rules.get("forbid") or [])
    if wish == "exclude":
        given = {k.removeprefix(FIXED): v for k, v in sent.items() if k.startswith(FIXED) and v}
        table = values_of(given, study.parameters)
        unknown = next((f"{k} {v[:40]}" for k, v in given.items() if k not in table), None)
        if unknown is not None:
            raise ValueError(f"There is no level {unknown}.")
        if not table:
            raise ValueError("Pick at least one level; what has all picked levels is excluded.")
        tables.append(table)
    else:
        place = _whole("rule", sent["allow"])
        if not 0 <= place < len(tables):
            raise ValueError("The study has no such rule; load the page again.")
        del tables[place]
    rules = {name: rule for name, rule in (rules | {"forbid": tables}).items() if rule}
    return {"constraints": rules or None}


def _with_one_more(
    parameters: Sequence[dict[str, Any]], name: str, text: str
) -> list[dict[str, Any]]:
    found = next((parameter for parameter in parameters if parameter["name"] == name), None)
    levels = read_levels(text, found) if found else []
    if found is None or len(levels) != 1 or levels[0] in found["values"]:
        raise ValueError("This level cannot be added; load the page again.")
    return with_levels(parameters, name, extended(found, levels[0]))


def _changes(wish: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the changes that a form asks for.

    Raises:
        ValueError: a field cannot be read; the message names it.
    """
    if wish in MOVES:
        return {"state": wish}
    if wish == "describe":
        tags = [tag.strip() for tag in sent.get("tags", "").split(",") if tag.strip()]
        name = sent.get("name", "").strip() or "untitled"
        return {"name": name, "notes": sent.get("notes", ""), "tags": tags[:MOST_TAGS]}
    if wish == "limit":
        budget = sent.get("budget", "").strip()
        stopping: dict[str, Any] = {"action": "stop" if sent.get("does_stop") else "advise"}
        for name in ("regret", "probability"):
            if sent.get(name, "").strip():
                stopping[name] = _number(name, sent[name])
        return {
            "budget": {"trials": _whole("budget", budget)} if budget else None,
            "stopping": stopping,
        }
    raise ValueError("This form is not one of ours; load the page again.")


def _page(request: Request, study: StudyView) -> SettingsPage:
    links, stopping = links_of(request), study.definition.get("stopping") or {}
    allowed = [MOVES[state] for state in MOVES if state in STUDY_MOVES[study.state]]
    budget = (study.definition.get("budget") or {}).get("trials")
    return SettingsPage(
        frame=layout.frame(request, f"Settings · {study.name}", study=study),
        head=layout.study_head(links, study, "settings", title="Settings"),
        lead=Lead(_sentence(study), QUESTIONS),
        problem="",
        saved=False,
        action=links.study(study.id, "settings"),
        moves=allowed,
        name=study.name,
        tags=", ".join(study.tags),
        notes=study.notes,
        budget=_text(budget),
        regret=_text(stopping.get("regret")),
        probability=_text(stopping.get("probability")),
        does_stop=stopping.get("action") == "stop",
        metric=study.metric,
        version=study.version,
        levels=[
            LevelField(f"{LEVELS}{i}", one["name"], typed_levels(one), _kind(one), _picks(one))
            for i, one in enumerate(study.parameters)
        ],
        n_cells=count(study.n_cells, "cell"),
        rules=_rules_of(study),
        excluded=count(study.grid_cells - study.n_cells, "cell"),
        undo_revision=None,
    )


def _rules_of(study: StudyView) -> list[Rule]:
    rules = study.definition.get("constraints") or {}
    found = [Rule(_table_text(one), place) for place, one in enumerate(rules.get("forbid") or [])]
    for one in rules.get("require") or []:
        text = one if isinstance(one, str) else f"{one['left']} {one['op']} {one['right']}"
        found.append(Rule(f"what does not satisfy {text}", None))
    return found


def _table_text(table: Mapping[str, Any]) -> str:
    def text(values: Any) -> str:
        return " or ".join(level(v) for v in (values if isinstance(values, list) else [values]))

    return ", ".join(f"{name} {text(values)}" for name, values in table.items())


def _kind(parameter: Mapping[str, Any]) -> str:
    if parameter["kind"] == "categorical":
        return "categories"
    return f"{parameter['scale']} scale"


def _picks(parameter: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(address_level(value), level(value)) for value in parameter["values"]]


def _sentence(study: StudyView) -> str:
    because = f": {study.state_reason}" if study.state_reason else ""
    return f"The study is {study.state}{because}."


def _deleted(request: Request, study_id: str) -> DeletedPage:
    links = links_of(request)
    frame = layout.frame(request, "Deleted")
    return DeletedPage(frame, links.study(study_id, "settings"), links.page("/"))


def _go_to(href: str) -> Response:
    return Response(status_code=303, headers={"Location": href})


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"The {name} must be a number, and {text[:40]!r} is none.") from error


def _whole(what: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ValueError(
            f"The {what} must be a whole number, and {text[:40]!r} is none."
        ) from error


def _text(value: Any) -> str:
    return "" if value is None else str(value)
