"""A person changes a study: its name, state, budget, prior; deletes it and takes that back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.change import Change, changing
from beliefgrid.actions.definitions import normalised
from beliefgrid.actions.errors import InvalidTransitionError, VersionMismatchError
from beliefgrid.actions.regrid import edited_grid, recount, renumber
from beliefgrid.actions.states import STUDY_MOVES
from beliefgrid.actions.viewing import study_view
from beliefgrid.actions.views import StudyView
from beliefgrid.storage import studies

_DESCRIPTION = ("name", "notes", "tags")
_DEFINITION = ("budget", "stopping")


def patch_study(
    c: Connection,
    study_id: str,
    *,
    changes: dict[str, Any],
    if_version: int | None = None,
    actor: str | None = None,
    now: datetime,
) -> StudyView:
    """Change a study's name, notes, tags, levels, rules, budget, stopping rule or state.

    Raises:
        VersionMismatchError: it was changed since the version that the caller saw.
        InvalidTransitionError: a study in this state cannot go to that one.
        SearchError: the levels, the constraints or the stopping rule cannot be used.
        GridEditInvalidError: the parameters are not those of the study with other levels.
    """
    with changing(c, study_id, now, actor=actor) as study:
        _check_version(study, if_version)
        described = {name: changes[name] for name in _DESCRIPTION if name in changes}
        if described:
            study.set(**described)
            study.event("study_described", **described)
        if "parameters" in changes:
            _edit_grid(study, changes["parameters"])
        if "constraints" in changes:
            _edit_rules(study, changes["constraints"])
        defined = {name: changes[name] for name in _DEFINITION if name in changes}
        if defined:
            seq = _redefine(study, defined, "study_changed")
            study.plan_end()
            if "stopping" in defined:
                study.believe_anew(seq)  # the advice depends on it
        if "state" in changes:
            _go(study, str(changes["state"]))
    return _view(c, study_id)


def set_prior(
    c: Connection,
    study_id: str,
    prior: dict[str, Any] | None,
    *,
    if_version: int | None = None,
    actor: str | None = None,
    now: datetime,
) -> StudyView:
    """Replace the prior; the posterior follows as if it had been the prior all along."""
    with changing(c, study_id, now, actor=actor) as study:
        _check_version(study, if_version)
        seq = _redefine(study, {"prior": prior}, "prior_changed")
        study.believe_anew(seq)
    return _view(c, study_id)


def delete_study(c: Connection, study_id: str, *, actor: str | None = None, now: datetime) -> None:
    """Take a study out of every list; it can be restored."""
    with changing(c, study_id, now, actor=actor) as study:
        study.set(deleted_at=now)
        study.event("study_deleted")


def restore_study(
    c: Connection, study_id: str, *, actor: str | None = None, now: datetime
) -> StudyView:
    """Take back a deletion."""
    with changing(c, study_id, now, actor=actor, deleted=True) as study:
        if study.row.deleted_at is not None:
            study.set(deleted_at=None)
            study.event("study_restored")
    return _view(c, study_id)


def _view(c: Connection, study_id: str) -> StudyView:
    row = studies.find(c, study_id)
    assert row is not None  # noqa: S101 - locked by this transaction
    return study_view(row)


def _check_version(study: Change, if_version: int | None) -> None:
    if if_version is not None and if_version != study.row.version:
        raise VersionMismatchError(
            f"expected version {study.row.version} of the study, got {if_version}; read it again "
            "and decide anew"
        )


def _edit_grid(study: Change, parameters: list[dict[str, Any]]) -> None:
    parts, said = edited_grid(study, parameters)
    if parts["parameters"] == study.definition["parameters"]:
        return
    seq = _redefine(study, parts, "grid_changed", said)
    renumber(study, study.definition)
    study.believe_anew(seq)


def _edit_rules(study: Change, constraints: dict[str, Any] | None) -> None:
    if constraints == study.definition.get("constraints"):
        return
    seq = _redefine(study, {"constraints": constraints}, "rules_changed")
    recount(study, study.definition)
    study.believe_anew(seq)


def _redefine(
    study: Change, parts: dict[str, Any], kind: str, said: dict[str, Any] | None = None
) -> int:
    definition, _ = normalised(study.definition | parts)
    for name, value in parts.items():
        if value is None:
            definition[name] = None
    revision = study.get("revision") + 1
    seq = study.event(kind, **(parts if said is None else said))
    study.set(definition=definition, revision=revision)
    studies.add_revision(
        study.c,
        {
            "study_id": study.id,
            "revision": revision,
            "seq": seq,
            "definition": definition,
            "created_at": study.now,
        },
    )
    return seq


def _go(study: Change, state: str) -> None:
    before = study.row.state
    if state == before:
        return
    if state not in STUDY_MOVES[before]:
        raise InvalidTransitionError(
            f"a study that is {before} cannot become {state}; it can become "
            f"{', '.join(sorted(STUDY_MOVES[before]))}"
        )
    if state == "active":
        study.set(state="active", state_reason=None)
        study.event("study_active")
        study.end_if_spent()
        if study.get("state") == "exhausted":
            raise InvalidTransitionError(
                f"the study cannot become active: {study.get('state_reason')}; raise the budget "
                "in the same change"
            )
        return
    reasons = {"exhausted": "stopped", "paused": "by a person", "archived": "by a person"}
    study.end(state, reasons.get(state, "by a person"))
