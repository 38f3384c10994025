"""The grid is edited in mid-study: cells get new numbers, and nothing is lost or doubled."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from beliefgrid.actions import crowds, errors, manage, queue, read, rebuild, tell, trials_edit
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.regrid import Places, prior_on
from beliefgrid.search import Grid, SearchError
from tests.actions.conftest import PARAMETERS, Acting

ON = {"rate": 0.01, "size": 16}


def levels(**changed: list[Any]) -> list[dict[str, Any]]:
    """Return the study's parameters with other levels of some."""
    return [p | {"values": changed.get(str(p["name"]), p["values"])} for p in PARAMETERS]


def edit(acting: Acting, study: str, **changed: list[Any]) -> Any:
    """Edit the grid."""
    return acting.do(manage.patch_study, study, changes={"parameters": levels(**changed)})


def tell_all(acting: Acting, study: str, n: int) -> None:
    """Import n results, one update each."""
    for i, (rate, size) in enumerate(list(product([0.001, 0.01, 0.1], [8, 16, 32]))[:n]):
        where = {"rate": rate, "size": size}
        acting.do(queue.queue_trial, study, assignments=where, observation={"value": 1.0 + i})
        acting.update(study)


def cells(acting: Acting, study: str) -> dict[int, int | None]:
    """Return trial -> cell."""
    return {t.number: t.cell for t in acting.look(read.trials, study, limit=99).items}


def is_consistent(acting: Acting, study: str) -> bool:
    """Whether every trial's cell is that of its assignments, and the newest recipe's too."""
    grid = Grid.from_definition(acting.study(study).parameters)
    found = acting.look(read.trials, study, limit=99).items
    told = sorted(
        cell for t in found if t.observations and (cell := grid.cell(t.assignments)) is not None
    )
    newest = acting.look(read.recipe_near, study)[0]
    is_placed = all(t.cell == grid.cell(t.assignments) for t in found)
    return is_placed and sorted(newest.cells) == told


def test_a_level_is_added(acting: Acting, study: str) -> None:
    """A new revision: cells have new numbers, results stay with their combinations."""
    tell_all(acting, study, 4)

    view = edit(acting, study, size=[4, 8, 16, 32])

    assert (view.n_cells, view.revision, view.observations, view.cells_tested) == (12, 2, 4, 4)
    assert cells(acting, study) == {1: 1, 2: 2, 3: 3, 4: 5}
    assert acting.update(study)
    assert is_consistent(acting, study)
    newest = acting.look(read.snapshot, study)
    assert (newest.revision, newest.n_observations) == (2, 4)
    event = next(e for e in acting.look(read.events, study, limit=99) if e.kind == "grid_changed")
    assert event.data == {"added": {"size": [4]}, "removed": {}}


def test_results_on_a_removed_level_are_kept_but_do_not_count(acting: Acting, study: str) -> None:
    """They are off the grid; the reverse edit takes that back exactly."""
    tell_all(acting, study, 5)
    before = cells(acting, study)

    view = edit(acting, study, size=[16, 32])

    assert (view.n_cells, view.observations, view.cells_tested) == (6, 5, 3)
    assert cells(acting, study) == {1: None, 2: 0, 3: 1, 4: None, 5: 2}
    assert acting.update(study)
    assert acting.look(read.snapshot, study).n_observations == 3
    assert is_consistent(acting, study)

    back = edit(acting, study, size=[8, 16, 32])

    assert (back.n_cells, back.revision, back.cells_tested) == (9, 3, 5)
    assert cells(acting, study) == before
    assert acting.update(study)
    assert is_consistent(acting, study)


def test_live_trials_keep_their_leases(acting: Acting, study: str) -> None:
    """Also those on a removed level: their results are kept; no cell is leased twice."""
    held = acting.ask(study, "a", count=9).trials
    edit(acting, study, rate=[0.01, 0.1, 1.0])

    for trial in held:
        now = acting.trial(study, trial.number)
        assert (now.state, now.lease, now.assignments) == (
            "active",
            trial.lease,
            trial.assignments,
        ) or (now.state == "active" and now.worker == "a")
    new = acting.ask(study, "b", count=9).trials
    assert {t.assignments["rate"] for t in new} == {1.0}
    assert len(new) == 3
    for trial in [*held, *new]:
        acting.do(tell.observe, study, trial.number, value=float(trial.number))
    acting.update(study)
    assert is_consistent(acting, study)
    found = acting.study(study)
    assert (found.state, found.observations, found.cells_tested) == ("exhausted", 12, 9)
    assert "all 9 cells" in str(found.state_reason)


def test_a_larger_grid_goes_on_after_exhaustion(acting: Acting, study: str) -> None:
    """With the state in the same change."""
    tell_all(acting, study, 9)
    assert acting.study(study).state == "exhausted"

    changes = {"parameters": levels(size=[8, 16, 32, 64]), "state": "active"}
    assert acting.do(manage.patch_study, study, changes=changes).state == "active"
    assert acting.lease(study).assignments["size"] == 64


def test_an_update_from_before_the_edit_offers_no_wrong_cells(acting: Acting, study: str) -> None:
    """Its snapshot is kept with its revision; its list, in the old numbers, is not."""
    acting.do(queue.queue_trial, study, assignments=ON, observation={"value": 1.0})
    task = acting.look(updates.task, study)
    assert task is not None
    edit(acting, study, size=[16, 32])
    update = compute_update(task.recipe, task.previous, task.n_queue)

    assert acting.do(updates.publish, task, update)

    assert acting.look(read.snapshot, study).revision == 1
    for trial in acting.ask(study, "b", count=5).trials:
        assert trial.assignments["size"] in (16, 32)
    assert acting.update(study)
    assert acting.look(read.snapshot, study).revision == 2


def test_a_rebuild_gives_the_same_bits_across_revisions(acting: Acting, study: str) -> None:
    """Added, removed, removed with results, taken back, corrected and deleted in between."""
    tell_all(acting, study, 4)
    edit(acting, study, size=[4, 8, 16, 32], rate=[0.01, 0.001, 0.1])
    acting.update(study)
    acting.do(trials_edit.delete_trial, study, 2)
    acting.update(study)
    acting.do(queue.queue_trial, study, assignments={"rate": 0.1, "size": 4})
    edit(acting, study, size=[16, 32])
    acting.update(study)
    acting.do(trials_edit.restore_trial, study, 2)
    acting.do(queue.queue_trial, study, assignments=ON, observation={"value": 0.5})
    acting.update(study)
    edit(acting, study)
    acting.update(study)
    before = {s.seq: s for s in acting.look(read.snapshots, study)}

    found = acting.look(rebuild.boundaries, study)
    built = list(rebuild.recomputed(found))
    report = acting.do(rebuild.replace_snapshots, study, built)

    assert report == {"snapshots": len(before), "missing_before": 0, "changed": 0}
    after = {s.seq: s for s in acting.look(read.snapshots, study)}
    assert {s: v.summary for s, v in after.items()} == {s: v.summary for s, v in before.items()}
    assert [v.revision for v in after.values()] == sorted(v.revision for v in after.values())


def test_marks_of_an_older_revision_are_in_its_numbers(acting: Acting, study: str) -> None:
    """What was tested then stands where it stood, though it may be off the grid now."""
    tell_all(acting, study, 4)
    old = acting.look(read.snapshot, study)

    def tested(revision: int, newest: int) -> tuple[list[int], list[int], list[float]]:
        known = acting.look(crowds.known_in, study, old.seq, revision=revision, newest=newest)
        found = known.tested
        assert known.infeasible.tolist() == []
        return found.cells.tolist(), found.first.tolist(), found.values.tolist()

    marked = tested(1, 1)
    edit(acting, study, size=[16, 32])

    assert tested(1, 2) == marked
    cells, first, values = tested(2, 2)
    assert cells == [0, 1]
    assert [values[0], values[1]] == [marked[2][marked[0].index(at)] for at in (1, 2)]
    assert len(first) == 2


def test_only_levels_change(acting: Acting, study: str) -> None:
    """Other parameters are another study; a grid that cannot be searched is refused whole."""
    for wrong in (
        PARAMETERS[:1],
        PARAMETERS[::-1],
        [PARAMETERS[0], PARAMETERS[1] | {"kind": "categorical"}],
        [PARAMETERS[0], PARAMETERS[1] | {"name": "depth"}],
    ):
        with pytest.raises(errors.GridEditInvalidError, match="size"):
            acting.do(manage.patch_study, study, changes={"parameters": wrong})
    with pytest.raises(SearchError):
        edit(acting, study, rate=[-1, 0.1])
    with pytest.raises(errors.VersionMismatchError):
        acting.do(manage.patch_study, study, changes={"parameters": levels(size=[8])}, if_version=9)
    assert acting.study(study).revision == 1
    assert edit(acting, study).revision == 1, "the same levels are no edit"


def test_a_prior_follows_the_levels() -> None:
    """A new level weighs what its nearest neighbour does, a new category the mean of all."""
    before = Grid.from_definition(
        [PARAMETERS[1], {"name": "kind", "kind": "categorical", "values": ["a", "b"]}]
    )
    after = Grid.from_definition(
        [
            PARAMETERS[1] | {"values": [8, 12, 32, 64]},
            {"name": "kind", "kind": "categorical", "values": ["b", "a", "c"]},
        ]
    )
    axes = {"axes": {"size": [1.0, 2.0, 3.0], "kind": [1.0, 3.0]}, "confidence": 0.5}
    table = {"table": [[1.0, 3.0], [2.0, 6.0], [3.0, 9.0]]}
    some = {"cells": [{"assignments": {"size": s, "kind": "a"}, "weight": 1} for s in (8, 16)]}

    assert prior_on(before, after, axes) == {
        "axes": {"size": [1.0, 1.0, 3.0, 3.0], "kind": [3.0, 1.0, 2.0]},
        "confidence": 0.5,
    }
    assert (prior_on(before, after, table) or {})["table"] == np.outer(
        [1, 1, 3, 3], [3, 1, 2]
    ).tolist()
    assert (prior_on(before, after, some) or {})["cells"] == some["cells"][:1]
    assert prior_on(before, after, None) is None


def test_a_prior_that_loses_all_its_weight_is_refused(acting: Acting) -> None:
    """Nothing is guessed in its place."""
    study = acting.create(prior={"cells": [{"assignments": ON, "weight": 1.0}]})
    with pytest.raises(SearchError):
        edit(acting, study, size=[8, 32])
    assert edit(acting, study, size=[8, 16]).definition["prior"]["cells"]


def test_a_field_moves_to_a_grid_with_conditions(acting: Acting) -> None:
    """Where a parameter matters only at times, each cell finds its combination's new number."""
    parameters: list[dict[str, Any]] = [
        {"name": "kind", "kind": "categorical", "values": ["adam", "sgd"]},
        {"name": "speed", "kind": "ordered", "values": [0, 0.9], "when": {"kind": ["sgd"]}},
    ]
    study = acting.create(parameters=parameters)
    wider = [parameters[0], parameters[1] | {"values": [0, 0.5, 0.9]}]
    acting.do(manage.patch_study, study, changes={"parameters": wider})
    place = acting.look(Places, study, 1, 2)
    before = np.arange(1.0, 1 + place.before.n_cells) / 10

    moved = place.field(before)

    assert moved.sum() > 0
    for cell in range(place.before.n_cells):
        there = place.after.cell(place.before.assignments(cell))
        if there is not None and place.before.cell(place.before.assignments(cell)) == cell:
            assert moved[there] == before[cell]
