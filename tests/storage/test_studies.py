"""Studies: found, listed, searched, and those that need something done."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid.storage import studies
from beliefgrid.storage.engine import Database
from beliefgrid.storage.rows import CursorError, encode_cursor
from tests.storage.conftest import NOW, study_row


@pytest.fixture
def many(database: Database) -> list[str]:
    """Seven studies, two at each moment; newest first."""

    def work(c: Connection) -> None:
        for i in range(7):
            created = NOW + timedelta(hours=i // 2)
            name = "100 % of_it" if i == 3 else f"study {i}"
            studies.add(c, study_row(f"st_{i}", name=name, created_at=created, tags=[f"t{i}"]))

    database.write(work).result()
    return [f"st_{i}" for i in reversed(range(7))]


def listed(database: Database, **narrowed: Any) -> list[str]:
    """Return the ids of all pages put together."""
    found: list[str] = []
    cursor: str | None = ""
    options = {"state": None, "q": None, "limit": 2} | narrowed
    while cursor is not None:
        page = database.read(partial(studies.page, cursor=cursor, **options)).result()
        found += [row.id for row in page.items]
        cursor = page.next_cursor
    return found


def test_studies_are_listed_newest_first(database: Database, many: list[str]) -> None:
    """Those of one moment too, across pages, and deleted ones not."""
    assert listed(database) == many

    database.write(lambda c: studies.change(c, "st_4", {"deleted_at": NOW})).result()
    assert listed(database) == [study for study in many if study != "st_4"]


@pytest.mark.usefixtures("many")
def test_studies_are_searched(database: Database) -> None:
    """By a part of the name in any case, by tag, by id; signs of LIKE are plain text."""
    assert listed(database, q="STUDY 5") == ["st_5"]
    assert listed(database, q="t6") == ["st_6"]
    assert listed(database, q="st_2") == ["st_2"]
    assert listed(database, q="% of_") == ["st_3"]
    assert listed(database, q="%") == ["st_3"]
    assert listed(database, state="paused") == []


@pytest.mark.parametrize("cursor", [encode_cursor(("x", "st_1")), encode_cursor(("2026", "st"))])
def test_a_made_up_cursor_is_refused(database: Database, cursor: str) -> None:
    """It is no bug of ours."""
    with pytest.raises(CursorError):
        database.read(
            lambda c: studies.page(c, state=None, q=None, cursor=cursor, limit=2)
        ).result()


@pytest.mark.usefixtures("many")
def test_studies_that_are_behind_are_found(database: Database) -> None:
    """New ones have no snapshot yet."""

    def work(c: Connection) -> None:
        for i in range(6):
            studies.change(c, f"st_{i}", {"snapshot_results": 1})
        studies.change(c, "st_2", {"results": 2})

    database.write(work).result()
    assert sorted(database.read(studies.behind).result()) == ["st_2", "st_6"]


def test_counts_are_checked_against_the_rows(database: Database, study: str) -> None:
    """A study that counts what is not there is found."""
    assert database.read(studies.miscounted).result() == []

    database.write(lambda c: studies.change(c, study, {"observations": 1})).result()
    assert database.read(studies.miscounted).result() == [study]
    assert database.read(lambda c: studies.count_observations(c, study)).result() == 0


def test_time_is_up(database: Database, study: str) -> None:
    """A study whose end has come is found until it is ended."""
    database.write(lambda c: studies.change(c, study, {"ends_at": NOW})).result()

    assert database.read(lambda c: studies.out_of_time(c, NOW)).result() == [study]
    assert database.read(lambda c: studies.out_of_time(c, NOW - timedelta(1))).result() == []


def test_a_revision_holds_from_its_event_on(database: Database, study: str) -> None:
    """Snapshots are computed with the definition of their time."""

    def work(c: Connection) -> None:
        for revision, seq in ((1, 1), (2, 5)):
            row = {"study_id": study, "revision": revision, "seq": seq, "created_at": NOW}
            studies.add_revision(c, row | {"definition": {"n": revision}})

    database.write(work).result()

    def look(c: Connection) -> tuple[Any, ...]:
        return studies.revision_at(c, study, 4), studies.definition_at(c, study, 2)

    assert database.read(look).result() == (1, {"n": 2})


def test_a_study_is_found_by_name(database: Database, many: list[str]) -> None:
    """The newest of that name first."""
    database.write(lambda c: studies.change(c, many[-1], {"name": "study 6"})).result()

    found = database.read(lambda c: studies.by_name(c, "study 6")).result()
    assert [row.id for row in found] == ["st_6", "st_0"]
