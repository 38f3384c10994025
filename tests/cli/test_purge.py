"""What is old is forgotten when a person says so, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from beliefgrid.actions import create, manage, purge, queue, webhooks
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import compute_update
from beliefgrid.cli.ending import USAGE
from beliefgrid.offline import Offline
from beliefgrid.storage.purge import snapshot_seqs
from beliefgrid.storage.tables import metadata, studies
from tests.cli.conftest import Run
from tests.faults.invariants import require_whole
from tests.faults.verbs import COMBINATION, DEFINITION, SIGNING

LONG_AGO = timedelta(days=40)
RESULTS = 12


def age(c: Connection, study_id: str, *, now: datetime) -> None:
    """Let the deletion of a study have been long ago."""
    its = studies.c.id == study_id
    c.execute(update(studies).where(its).values(deleted_at=now - LONG_AGO))


def make(work: Offline, name: str) -> str:
    """Create a study with results, a measurement, a webhook, and a snapshot after each result."""
    study: str = work.write(create.create_study, definition=DEFINITION, name=name).id
    work.write(webhooks.create_webhook, key=SIGNING, url="https://h/", kinds=[], study_id=study)
    for value in range(RESULTS):
        result = {"value": float(value)}
        work.write(queue.queue_trial, study, assignments=COMBINATION, observation=result)
        task: Any = work.read(updates.task, study)
        work.write(updates.publish, task, compute_update(task.recipe, task.previous))
    return study


def rows_of(work: Offline, study: str) -> dict[str, int]:
    """Count the rows of a study in each table that names it."""

    def count(c: Connection) -> dict[str, int]:
        tables = [table for table in metadata.sorted_tables if "study_id" in table.c]
        return {
            table.name: c.execute(
                select(func.count()).select_from(table).where(table.c.study_id == study)
            ).scalar_one()
            for table in tables
        }

    return work.read(count)


@pytest.fixture
def work(database_url: str) -> Any:
    """A database with a study that was deleted long ago, one deleted now, and one in use."""
    found = Offline(database_url)
    for name, days in (("old", 40), ("new", 0), ("used", None)):
        study = make(found, name)
        if days is not None:
            found.write(manage.delete_study, study)
        if days:
            found.write(age, study)
    found.close()
    return database_url


def named(url: str) -> dict[str, str]:
    """Return the ids of all studies by name, deleted ones too."""
    found = Offline(url)
    rows = found.read(lambda c: c.execute(select(studies.c.name, studies.c.id)).all())
    found.close()
    return {row.name: row.id for row in rows}


def test_what_was_deleted_long_ago_goes_for_good(run: Run, work: str) -> None:
    """With all its rows; what was deleted lately or is in use stays as it is. First, a look."""
    before = named(work)

    looked = run(work, "purge", "--deleted-days", "30", "--dry-run")
    after_look = named(work)
    purged = run(work, "purge", "--deleted-days", "30")

    assert (looked.returncode, purged.returncode) == (0, 0), purged.stderr
    assert before["old"] in looked.stdout
    assert looked.stdout == purged.stdout
    assert after_look == before
    assert named(work) == {name: before[name] for name in ("new", "used")}
    opened = Offline(work)
    assert not any(rows_of(opened, before["old"]).values())
    opened.write(manage.restore_study, before["new"])
    opened.close()
    require_whole(work)


def test_a_study_that_was_brought_back_is_not_removed(work: str) -> None:
    """Between the look and the removal somebody may have restored it."""
    study = named(work)["old"]
    opened = Offline(work)
    opened.write(manage.restore_study, study)

    is_gone = opened.write(purge.purge_study, study, days=30)

    assert not is_gone
    assert rows_of(opened, study)["trials"] == RESULTS
    opened.close()


def test_old_snapshots_are_thinned_and_can_be_computed_again(
    run: Run, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay, and of the others fewer the older they are; `study rebuild` undoes it."""
    monkeypatch.setattr(purge, "PER_DOUBLING", 1)
    study = named(work)["used"]
    opened = Offline(work)
    before = opened.read(snapshot_seqs, study)
    opened.close()

    looked = run(work, "purge", "--keep-snapshots", "3", "--dry-run")
    thinned = run(work, "purge", "--keep-snapshots", "3")

    opened = Offline(work)
    after = opened.read(snapshot_seqs, study)
    assert looked.stdout == thinned.stdout
    assert after[:3] == before[:3]
    assert after[-1] == before[-1]
    assert set(after) < set(before)
    assert f"{study}  {len(before) - len(after)} snapshots" in thinned.stdout
    opened.close()
    assert run(work, "study", "rebuild", study).returncode == 0
    require_whole(work)
    opened = Offline(work)
    assert opened.read(snapshot_seqs, study) == before
    opened.close()


def test_without_an_option_nothing_is_old(run: Run, work: str) -> None:
    """The default keeps everything, and says what it expects."""
    before = named(work)

    done = run(work, "purge")

    assert done.returncode == USAGE
    assert "--deleted-days" in done.stderr
    assert named(work) == before
