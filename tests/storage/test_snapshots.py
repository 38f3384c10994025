"""Snapshots and the ranked list that the asks take from."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import Connection

from beliefgrid.storage import snapshots, studies, trials
from beliefgrid.storage.engine import Database, open_database
from tests.storage.conftest import NOW, study_row, trial_row


def snapshot_row(study_id: str, seq: int) -> dict[str, Any]:
    """Return the row of a snapshot."""
    return {
        "study_id": study_id,
        "seq": seq,
        "revision": 1,
        "engine_version": "1",
        "theta": {"x": 1.5},
        "pending": [],
        "summary": {"seq": seq},
        "top": [],
        "field": bytes([seq]),
        "n_observations": seq,
        "elapsed_ms": 1.0,
        "created_at": NOW,
    }


@pytest.fixture
def three(database: Database, study: str) -> str:
    """A study with snapshots at 1, 4 and 6."""

    def work(c: Connection) -> None:
        for seq in (1, 4, 6):
            snapshots.add(c, snapshot_row(study, seq))
        studies.change(c, study, {"snapshot_seq": 6})

    database.write(work).result()
    return study


@pytest.mark.parametrize(("at", "seq"), [(None, 6), (9, 6), (5, 4), (4, 4), (1, 1)])
def test_a_moment_has_the_newest_snapshot_before_it(
    database: Database, three: str, at: int | None, seq: int
) -> None:
    """Between two snapshots the earlier one holds."""
    found = database.read(lambda c: snapshots.find(c, three, at)).result()

    assert found is not None
    assert found.seq == seq


def test_before_the_first_snapshot_there_is_none(database: Database, three: str) -> None:
    """None, and no error."""
    assert database.read(lambda c: snapshots.find(c, three, 0)).result() is None


def test_snapshots_are_listed_and_read(database: Database, three: str) -> None:
    """A list, the fields of a range, the newest summaries."""

    def look(c: Connection) -> tuple[Any, ...]:
        return (
            [row.seq for row in snapshots.listed(c, three, after=1, limit=5)],
            [(row.seq, row.field) for row in snapshots.fields(c, three, 1, 4)],
            snapshots.newest_summaries(c, [three, "st_none"]),
            snapshots.count(c, three),
        )

    assert database.read(look).result() == (
        [4, 6], [(1, b"\x01"), (4, b"\x04")], {three: {"seq": 6}}, 3,
    )  # fmt: skip


def candidate(study_id: str, rank: int, cell: int) -> dict[str, Any]:
    """Return a row of the ranked list."""
    return {"study_id": study_id, "rank": rank, "cell": cell, "seq": 6, "explanation": {"n": cell}}


def ranked(*cells: int) -> str:
    """Return a ranked list as an update hands it over."""
    return json.dumps([(cell, {"n": cell, "rule": "expected gain"}) for cell in cells])


def test_a_list_is_stored_as_it_was_written(database: Database, three: str) -> None:
    """Ranks in order, explanations to the last digit, and cells that are taken left out."""

    def work(c: Connection) -> list[tuple[Any, ...]]:
        why = {"rule": "näher", "gain": 0.1 + 0.2, "names": ["a", None], "sure": True}
        listed = [(9, why), (3, {}), (5, {"rule": "repeat"}), (6, {"rule": "repeat"})]
        trials.add(c, trial_row(three, 1, cell=3))
        trials.add(c, trial_row(three, 2, cell=5, state="completed"))
        trials.add(c, trial_row(three, 3, cell=6, state="active"))
        snapshots.replace_candidates(c, three, 6, json.dumps(listed))
        popped = [snapshots.pop_candidate(c, three) for _ in range(3)]
        return [(row.rank, row.cell, row.seq, row.explanation) for row in popped if row is not None]

    why = {"rule": "näher", "gain": 0.1 + 0.2, "names": ["a", None], "sure": True}
    assert database.write(work).result() == [(0, 9, 6, why), (2, 5, 6, {"rule": "repeat"})]


def test_the_best_ranked_cell_is_taken_first(database: Database, three: str) -> None:
    """What was given back comes before all, what went another way not at all."""

    def work(c: Connection) -> list[int | None]:
        snapshots.replace_candidates(c, three, 6, ranked(7, 3, 5, 8))
        snapshots.drop_candidate(c, three, 3)
        snapshots.put_candidate(c, candidate(three, -1, 2))
        trials.add(c, trial_row(three, 1, cell=5))
        taken = [snapshots.pop_candidate(c, three) for _ in range(4)]
        return [None if row is None else row.cell for row in taken]

    assert database.write(work).result() == [2, 7, 8, None]


def test_a_new_list_replaces_the_old_one(database: Database, three: str) -> None:
    """Nothing of the old one is left."""

    def work(c: Connection) -> list[int]:
        snapshots.replace_candidates(c, three, 4, ranked(1))
        snapshots.replace_candidates(c, three, 6, ranked(4, 2))
        snapshots.drop_candidates(c, three, {2})
        return snapshots.candidate_cells(c, three)

    assert database.write(work).result() == [4]


def test_a_cell_is_looked_up_whatever_postgres_knows_of_its_tables(postgres_url: str) -> None:
    """Right after an import it has no statistics; to read all trials for each ask took 100 ms."""
    database = open_database(postgres_url)

    plan = database.write(_plan_of_pop).result()

    assert "SubPlan" in plan
    assert "hashed" not in plan
    database.close()


def test_only_the_first_of_a_list_are_looked_up(postgres_url: str) -> None:
    """Without statistics Postgres looked up all of them, and sorted; an ask took 60 ms."""
    database = open_database(postgres_url)

    def work(c: Connection) -> str:
        studies.add(c, study_row("st_1"))
        for number in range(1, 201):
            trials.add(c, trial_row("st_1", number, cell=number))
        snapshots.replace_candidates(c, "st_1", 1, ranked(*range(300, 600)))
        trials.add(c, trial_row("st_1", 201, cell=300))
        return _plan_of_pop(c, "EXPLAIN ANALYZE")

    plan = database.write(work).result()
    database.close()

    looked_up = [int(n) for n in re.findall(r"on trials .*?loops=(\d+)", plan)]
    assert max(looked_up) == 2  # the first one is taken


def _plan_of_pop(c: Connection, explain: str = "EXPLAIN") -> str:
    query = snapshots.POP.compile(dialect=c.dialect)
    rows = c.exec_driver_sql(f"{explain} {query}", query.params | {"study_id": "st_1"})
    return " ".join(rows.scalars())
