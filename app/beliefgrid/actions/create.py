"""A study begins."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.definitions import normalised
from beliefgrid.actions.viewing import study_view
from beliefgrid.actions.views import StudyView
from beliefgrid.storage import events, studies, transaction


def new_study_id(now: datetime) -> str:
    """Return an id that sorts by time and cannot be guessed."""
    return f"st_{int(now.timestamp() * 1000):011x}{secrets.token_hex(7)}"


def create_study(
    c: Connection,
    *,
    definition: dict[str, Any],
    name: str,
    notes: str = "",
    tags: list[str] | None = None,
    actor: str | None = None,
    now: datetime,
    new_id: str | None = None,
) -> StudyView:
    """Check a definition and store it as an active study.

    Raises:
        SearchError: the engine cannot search this.
        MetricsError: not exactly one objective.
    """
    full, problem = normalised(definition)
    study_id = new_id or new_study_id(now)
    row = {
        "id": study_id,
        "name": name,
        "state": "active",
        "state_reason": None,
        "definition": full,
        "n_cells": problem.n_allowed,
        "revision": 1,
        "version": 1,
        "seq": 1,
        "result_seq": 1,
        "snapshot_seq": 0,
        "results": 1,
        "snapshot_results": 0,
        "last_number": 0,
        "counts": {},
        "observations": 0,
        "cells_closed": 0,
        "walk_cursor": 0,
        "lease_due_at": None,
        "failing": {},
        "notes": notes,
        "tags": tags or [],
        "update_error": None,
        "created_at": now,
        "started_at": None,
        "ends_at": None,
        "updated_at": now,
        "last_result_at": None,
        "deleted_at": None,
    }
    studies.add(c, row)
    studies.add_revision(
        c,
        {
            "study_id": study_id,
            "revision": 1,
            "seq": 1,
            "definition": full,
            "created_at": now,
        },
    )
    events.add(c, [events.row(study_id, 1, "study_created", now, actor=actor)])
    transaction.touch(c, study_id, is_behind=True)
    stored = studies.find(c, study_id)
    assert stored is not None  # noqa: S101 - inserted three lines above
    return study_view(stored)
