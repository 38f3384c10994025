"""A person edits: corrects, deletes, restores, queues, imports, patches; nothing by half."""

from typing import Any

import pytest

from beliefgrid.actions import correct, errors, manage, queue, read, rebuild, tell, trials_edit
from beliefgrid.search import SearchError
from tests.actions.conftest import Acting

ON, OFF = {"rate": 0.01, "size": 16}, {"rate": 0.02, "size": 16}


def imported(acting: Acting, study: str, value: float = 1.0, where: Any = ON) -> int:
    """Import a result; return its number."""
    return acting.do(
        queue.queue_trial, study, assignments=where, observation={"value": value}
    ).number


def test_a_correction_replaces_the_result(acting: Acting, study: str) -> None:
    """The posterior follows, and the old value stays in the events."""
    number = imported(acting, study, 1.0)
    acting.update(study)
    before = acting.trial(study, number).version

    fixed = acting.do(correct.correct, study, number, value=2.0, if_version=before, actor="me")

    assert (fixed.value, fixed.observations, fixed.version) == (2.0, 1, before + 1)
    assert acting.update(study)
    event = next(
        e for e in acting.look(read.events, study, limit=99) if e.kind == "trial_corrected"
    )
    assert (event.data["before"], event.data["value"], event.actor) == (1.0, 2.0, "me")
    seqs = [s.seq for s in acting.look(read.snapshots, study)]
    assert [acting.look(read.recipe, study, seq).values for seq in seqs] == [[], [1.0], [2.0]]
    assert (acting.study(study).observations, acting.study(study).cells_tested) == (1, 1)


def test_a_correction_needs_the_version_that_is_corrected(acting: Acting, study: str) -> None:
    """And a result to correct."""
    number = imported(acting, study)
    with pytest.raises(errors.VersionMismatchError):
        acting.do(correct.correct, study, number, value=2.0, if_version=99)
    with pytest.raises(errors.InvalidTransitionError, match="no result"):
        acting.do(correct.correct, study, acting.lease(study).number, value=2.0)
    with pytest.raises(errors.NonFiniteValueError):
        acting.do(correct.correct, study, number, value=float("nan"))
    assert acting.trial(study, number).value == 1.0


def test_a_deleted_trial_is_gone_until_it_is_restored(acting: Acting, study: str) -> None:
    """With what it taught; both change the posterior."""
    number = imported(acting, study)
    acting.update(study)
    acting.do(trials_edit.delete_trial, study, number)

    with pytest.raises(errors.TrialUnknownError):
        acting.trial(study, number)
    assert acting.look(read.trials, study).items == []
    assert (acting.study(study).observations, acting.study(study).cells_tested) == (0, 0)
    assert acting.update(study)
    with pytest.raises(errors.TrialUnknownError):
        acting.do(trials_edit.delete_trial, study, number)

    restored = acting.do(trials_edit.restore_trial, study, number)
    assert (restored.value, restored.state) == (1.0, "completed")
    assert acting.do(trials_edit.restore_trial, study, number).value == 1.0
    assert (acting.study(study).observations, acting.study(study).cells_tested) == (1, 1)
    assert acting.update(study)
    with pytest.raises(errors.TrialUnknownError):
        acting.do(trials_edit.restore_trial, study, 99)


def test_open_trials_that_are_deleted_free_their_cell(acting: Acting, study: str) -> None:
    """Restored, an active one is expired, and a queued one may repeat its cell."""
    active = acting.lease(study, "a")
    waiting = acting.do(queue.queue_trial, study, assignments=ON)
    for trial in (active, waiting):
        acting.do(trials_edit.delete_trial, study, trial.number)
    cells = {trial.cell for trial in acting.ask(study, "b", count=9).trials}
    assert cells == set(range(9))

    assert acting.do(trials_edit.restore_trial, study, active.number).state == "expired"
    assert acting.do(trials_edit.restore_trial, study, waiting.number).state == "queued"
    assert acting.lease(study, "c").number == waiting.number


def test_notes_and_tags(acting: Acting, study: str) -> None:
    """They change nothing that is believed."""
    number = imported(acting, study)
    acting.update(study)
    patched = acting.do(
        trials_edit.patch_trial, study, number, changes={"notes": "odd", "tags": ["x"]}
    )

    assert (patched.notes, patched.tags, patched.value) == ("odd", ["x"], 1.0)
    assert not acting.update(study)


def test_off_the_grid(acting: Acting, study: str) -> None:
    """Assignments are kept as they came, the cell is None, and no posterior follows."""
    number = imported(acting, study, where=OFF)

    trial = acting.trial(study, number)
    assert (trial.cell, trial.assignments, trial.observations) == (None, OFF, 1)
    assert not acting.update(study)
    with pytest.raises(SearchError):
        imported(acting, study, where={"rate": 0.01})
    with pytest.raises(SearchError):
        imported(acting, study, where=ON | {"colour": 1})


def test_a_batch_is_all_or_nothing(acting: Acting, study: str) -> None:
    """One bad row, and nothing is stored; a dry run stores nothing either way."""
    rows = [{"assignments": {"rate": 0.01, "size": size}, "value": 1.0} for size in (8, 16, 32, 9)]

    dry = acting.do(queue.import_batch, study, rows=rows, dry_run=True)
    assert (dry.accepted, dry.off_grid, dry.numbers, dry.dry_run) == (4, 1, [], True)
    bad = [*rows, {"assignments": ON, "value": float("inf")}]
    for dry_run in (True, False):
        with pytest.raises(errors.NonFiniteValueError):
            acting.do(queue.import_batch, study, rows=bad, dry_run=dry_run)
    assert acting.look(read.trials, study).items == []

    done = acting.do(queue.import_batch, study, rows=rows)
    assert (done.accepted, done.numbers) == (4, [1, 2, 3, 4])
    assert (acting.study(study).observations, acting.study(study).cells_tested) == (4, 3)
    assert acting.update(study)
    assert [s.n_observations for s in acting.look(read.snapshots, study)] == [0, 3]
    assert acting.look(read.study, study).counts == {"completed": 4}


def test_an_empty_and_a_huge_batch(acting: Acting, study: str) -> None:
    """Nothing to do; too much to do."""
    assert acting.do(queue.import_batch, study, rows=[]).accepted == 0
    with pytest.raises(errors.LimitError, match="10,000"):
        acting.do(queue.import_batch, study, rows=[{}] * 10_001)


def test_a_thousand_rows_make_one_update(acting: Acting, study: str) -> None:
    """In a few statements."""
    rows = [{"assignments": ON, "value": float(i)} for i in range(1, 1001)]

    acting.do(queue.import_batch, study, rows=rows)

    assert acting.study(study).observations == 1000
    assert len(acting.look(lambda c: list(read.export_rows(c, study)))) == 1000


# ---------------------------------------------------------------- studies
def test_a_study_is_described_and_moved(acting: Acting, study: str) -> None:
    """Its version counts what people changed, and a stale one is refused."""
    before = acting.study(study).version
    acting.lease(study)
    assert acting.study(study).version == before

    patched = acting.do(
        manage.patch_study, study,
        changes={"name": "new", "tags": ["t"], "state": "paused"}, if_version=before,
    )  # fmt: skip
    assert (patched.name, patched.tags, patched.state) == ("new", ["t"], "paused")
    with pytest.raises(errors.VersionMismatchError):
        acting.do(manage.patch_study, study, changes={"name": "x"}, if_version=before)
    acting.do(manage.patch_study, study, changes={"state": "archived"})
    with pytest.raises(errors.InvalidTransitionError, match="can become active"):
        acting.do(manage.patch_study, study, changes={"state": "paused"})
    acting.do(manage.patch_study, study, changes={"state": "archived"})


def test_a_persons_stop_is_exhausted(acting: Acting, study: str) -> None:
    """With the reason `stopped`; it can be taken back."""
    stopped = acting.do(manage.patch_study, study, changes={"state": "exhausted"})
    assert stopped.state_reason == "stopped"

    assert acting.do(manage.patch_study, study, changes={"state": "active"}).state == "active"


def test_a_spent_study_needs_a_larger_budget(acting: Acting) -> None:
    """In the same change it goes on."""
    study = acting.create(budget={"trials": 1})
    acting.do(tell.observe, study, acting.lease(study).number, value=1.0)
    assert acting.study(study).state == "exhausted"

    with pytest.raises(errors.InvalidTransitionError, match="raise the budget"):
        acting.do(manage.patch_study, study, changes={"state": "active"})
    went_on = acting.do(
        manage.patch_study, study, changes={"state": "active", "budget": {"trials": 2}}
    )
    assert went_on.state == "active"
    assert acting.lease(study).number == 2


def test_a_new_prior_holds_from_its_event_on(acting: Acting, study: str) -> None:
    """Older snapshots keep theirs."""
    imported(acting, study)
    acting.update(study)
    prior = {"axes": {"size": [1, 2, 9]}}
    acting.do(manage.set_prior, study, prior)
    acting.update(study)

    seqs = [s.seq for s in acting.look(read.snapshots, study)]
    priors = [acting.look(read.recipe, study, seq).definition["prior"] for seq in seqs]
    assert priors == [None, None, prior]
    with pytest.raises(SearchError):
        acting.do(manage.set_prior, study, {"axes": {"size": [1, -2, 9]}})
    assert acting.study(study).definition["prior"] == prior


def test_a_deleted_study_is_gone_until_it_is_restored(acting: Acting, study: str) -> None:
    """With everything in it."""
    number = acting.lease(study).number
    acting.do(manage.delete_study, study)

    with pytest.raises(errors.StudyUnknownError):
        acting.study(study)
    with pytest.raises(errors.StudyUnknownError):
        acting.do(tell.observe, study, number, value=1.0)
    assert acting.look(read.studies).items == []
    acting.do(manage.restore_study, study)
    acting.do(manage.restore_study, study)
    assert acting.do(tell.observe, study, number, value=1.0).state == "completed"


def test_a_study_that_stops_by_itself(acting: Acting) -> None:
    """When its rule has held at two snapshots running."""
    study = acting.create(
        stopping={"regret": 10.0, "probability": 0.5, "action": "stop"}, noise="none"
    )
    acting.update(study)
    for _ in range(9):
        if acting.study(study).state != "active":
            break
        acting.do(tell.observe, study, acting.lease(study).number, value=1.0)
        acting.update(study)

    ended = acting.study(study)
    assert ended.state in ("converged", "exhausted")
    assert acting.look(read.stopping, study).state == ended.state


# ---------------------------------------------------------------- bad definitions
@pytest.mark.parametrize(
    "definition",
    [
        {"parameters": []},
        {"parameters": [{"name": "a", "kind": "ordered", "values": [1, 1]}]},
        {"parameters": [{"name": "a", "kind": "odd", "values": [1]}]},
        {"parameters": [{"name": "a", "kind": "ordered", "values": [0, 1], "scale": "log"}]},
        {"parameters": [{"name": f"p{i}", "kind": "ordered", "values": list(range(20))}
                        for i in range(10)]},
        {"prior": {"table": [1.0] * 8}},
        {"prior": {"table": [0.0] * 9}},
        {"metrics": []},
        {"metrics": [{"name": "a"}, {"name": "b"}]},
        {"metrics": [{"name": "a"}, {"name": "a", "role": "record"}]},
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(acting: Acting, definition: dict[str, Any]) -> None:
    """With a code of its own, and nothing is stored."""
    with pytest.raises((SearchError, errors.MetricsError)) as caught:
        acting.create(**definition)

    assert getattr(caught.value, "code", "refused") != "refused"
    assert acting.look(read.studies).items == []


# ---------------------------------------------------------------- rebuild
def test_snapshots_are_rebuilt_from_the_events(acting: Acting, study: str) -> None:
    """Bit for bit, whatever became of the stored ones."""
    for i in range(4):
        acting.do(tell.observe, study, acting.lease(study).number, value=1.0 + i)
        acting.update(study)
    acting.do(trials_edit.delete_trial, study, 2)
    acting.do(manage.set_prior, study, {"axes": {"size": [1, 2, 9]}})
    acting.update(study)
    before = acting.look(read.fields, study, 0, 999)

    built = list(rebuild.recomputed(acting.look(rebuild.boundaries, study)))
    said = acting.do(rebuild.replace_snapshots, study, built)

    assert said == {"snapshots": 6, "missing_before": 0, "changed": 0}
    assert acting.look(read.fields, study, 0, 999) == before


def test_the_numbers_of_all_snapshots_at_once(acting: Acting, study: str) -> None:
    """They are those of the summaries, one row a snapshot."""
    imported(acting, study, 2.0)
    acting.update(study)

    first, second = acting.look(read.progress, study)

    summary = acting.look(read.snapshot, study).summary
    assert (first.leader_cell, first.best_value, first.n_observations) == (None, None, 0)
    assert second.leader_cell == summary["leader"]["cell"]
    assert second.next_cell == summary["next"]["cell"]
    for name in ("best_value", "entropy_bits", "cells_in_95", "infeasible", "should_stop"):
        assert getattr(second, name) == summary[name]
    assert summary["tested_p_best"] == pytest.approx(summary["leader"]["p_best"])
    assert [p.seq for p in acting.look(read.progress, study, after=first.seq)] == [second.seq]
