"""An open database of each kind, and rows to put into it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid.storage import studies
from beliefgrid.storage.engine import Database, open_database

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, migrated database."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def study(database: Database) -> str:
    """A stored study of nine cells."""
    database.write(lambda c: studies.add(c, study_row("st_1"))).result()
    return "st_1"


def study_row(study_id: str, **changes: Any) -> dict[str, Any]:
    """Return the row of a study."""
    return {
        "id": study_id,
        "name": "a study",
        "state": "active",
        "definition": {"parameters": []},
        "n_cells": 9,
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
        "failing": {},
        "notes": "",
        "tags": [],
        "created_at": NOW,
        "updated_at": NOW,
    } | changes


def trial_row(study_id: str, number: int, **changes: Any) -> dict[str, Any]:
    """Return the row of a trial."""
    return {
        "study_id": study_id,
        "number": number,
        "cell": number - 1,
        "assignments": {"a": number},
        "state": "active",
        "source": "suggested",
        "attempt": 1,
        "worker": "w",
        "lease_token": None,
        "lease_seconds": 60,
        "reason": None,
        "started_at": None,
        "completed_at": None,
        "deleted_at": None,
        "lease_expires_at": NOW,
        "hard_deadline_at": NOW,
        "seq": 0,
        "explanation": {"rule": "test"},
        "notes": "",
        "tags": [],
        "late": False,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    } | changes


def observation_row(study_id: str, trial_id: int, seq: int, **changes: Any) -> dict[str, Any]:
    """Return the row of an observation."""
    return {
        "trial_id": trial_id,
        "study_id": study_id,
        "cell": 0,
        "kind": "value",
        "value": 0.5,
        "values": None,
        "stddev": None,
        "duration": None,
        "metadata": None,
        "seq": seq,
        "removed_seq": None,
        "created_at": NOW,
    } | changes


def nothing(_c: Connection) -> None:
    """Change nothing."""
