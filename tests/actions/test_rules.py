"""Cells are excluded in mid-study, and searched again."""

from itertools import product
from typing import Any

import pytest

from beliefgrid.actions import errors, manage, queue, read, rebuild, tell
from beliefgrid.actions import update as updates
from beliefgrid.search import SearchError, decode_field
from tests.actions.conftest import Acting

ON = {"rate": 0.01, "size": 16}
CELL = 4  # of the nine


def forbid(acting: Acting, study: str, *tables: dict[str, Any]) -> Any:
    """Set the rules of a study; none takes them away."""
    rules = {"forbid": list(tables)} if tables else None
    return acting.do(manage.patch_study, study, changes={"constraints": rules})


def test_an_excluded_cell_is_not_searched(acting: Acting, study: str) -> None:
    """A new revision: no belief is on it, and whoever asks gets all the others."""
    view = forbid(acting, study, ON)

    assert (view.n_cells, view.grid_cells, view.revision) == (8, 9, 2)
    assert acting.update(study)
    newest = acting.look(read.snapshot, study).seq
    field = decode_field(acting.look(read.fields, study, newest, newest)[0].field, 9)
    assert field[CELL] == 0
    cells = [acting.lease(study, f"w{i}").cell for i in range(8)]
    assert set(cells) == {0, 1, 2, 3, 5, 6, 7, 8}
    with pytest.raises(errors.AllLeasedError):
        acting.lease(study, "one too many")


def test_an_exclusion_is_taken_back(acting: Acting, study: str) -> None:
    """The cell is counted and offered again; the prior's belief is as it was."""
    acting.update(study)
    before = acting.look(read.snapshot, study).summary["entropy_bits"]
    forbid(acting, study, ON)
    acting.update(study)
    assert acting.look(read.snapshot, study).summary["entropy_bits"] < before

    view = forbid(acting, study)

    assert (view.n_cells, view.revision) == (9, 3)
    acting.update(study)
    assert acting.look(read.snapshot, study).summary["entropy_bits"] == pytest.approx(before)
    cells = {acting.lease(study, f"w{i}").cell for i in range(9)}
    assert CELL in cells


def test_the_ranked_list_forgets_the_cell_at_once(acting: Acting, study: str) -> None:
    """Also where an update is under way that does not know of the rule."""
    acting.update(study)
    trial = acting.lease(study)
    acting.do(tell.observe, study, trial.number, value=1.0)
    task = acting.look(updates.task, study)
    assert task is not None
    excluded = next(c for c in range(9) if c != trial.cell)
    rates, sizes = (0.001, 0.01, 0.1), (8, 16, 32)
    where = dict(zip(("rate", "size"), list(product(rates, sizes))[excluded], strict=True))

    forbid(acting, study, where)
    acting.publish(task)

    told = [acting.lease(study, f"w{i}").cell for i in range(7)]
    assert excluded not in told


def test_a_live_trial_of_an_excluded_cell_counts_no_more(acting: Acting, study: str) -> None:
    """It may end; its result is kept, its cell does not go out again if it is lost."""
    acting.update(study)
    trial = acting.lease(study)
    rule = dict(trial.assignments)
    forbid(acting, study, rule)

    acting.do(tell.fail, study, trial.number, kind="failed", reason="lost")

    cells = [acting.lease(study, f"w{i}").cell for i in range(8)]
    assert trial.cell not in cells


def test_the_last_cells_may_be_excluded_but_not_all(acting: Acting, study: str) -> None:
    """A grid whose other cells are all tested is at its end; a rule for all is refused."""
    for rate, size in list(product([0.001, 0.01, 0.1], [8, 16, 32]))[:8]:
        said = {"assignments": {"rate": rate, "size": size}, "observation": {"value": 1.0}}
        acting.do(queue.queue_trial, study, **said)

    with pytest.raises(SearchError):
        forbid(acting, study, {"size": [8, 16, 32]})
    view = forbid(acting, study, {"rate": 0.1, "size": 32})

    assert (view.state, view.n_cells, view.cells_tested) == ("exhausted", 8, 8)


def test_snapshots_of_before_are_rebuilt_as_they_were(acting: Acting, study: str) -> None:
    """Each in the rules of its time."""
    acting.do(queue.queue_trial, study, assignments=ON, observation={"value": 1.0})
    acting.update(study)
    forbid(acting, study, {"rate": 0.1, "size": 32})
    acting.update(study)
    before = {s.seq: s for s in acting.look(read.snapshots, study)}

    built = list(rebuild.recomputed(acting.look(rebuild.boundaries, study)))
    acting.do(rebuild.replace_snapshots, study, built)

    assert {s.revision for s in before.values()} == {1, 2}
    for snapshot in acting.look(read.snapshots, study):
        assert snapshot.summary == before[snapshot.seq].summary
