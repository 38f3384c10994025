"""Many results are summed up in the database, and the sums are those of the results."""

import random
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
import pytest

from beliefgrid.actions import crowds, read
from beliefgrid.actions.correct import correct
from beliefgrid.actions.queue import import_batch
from beliefgrid.actions.record import EMPTY, record_at
from beliefgrid.actions.tell import fail
from beliefgrid.actions.trials_edit import delete_trial, restore_trial
from beliefgrid.actions.update import recipe_at
from beliefgrid.storage import crowds as storage
from beliefgrid.storage import studies
from beliefgrid.storage.rows import AnyRow
from tests.actions.conftest import Acting

RATES, SIZES = (0.001, 0.01, 0.1), (8, 16, 32)


@pytest.fixture(params=["minimize", "maximize"])
def study(request: pytest.FixtureRequest, acting: Acting) -> str:
    """A study with 200 results, many in each cell, one of them deleted, and a hole."""
    metrics = [{"name": "loss", "goal": request.param}]
    found = acting.create(metrics=metrics)
    hole = acting.lease(found).number
    acting.do(fail, found, hole, kind="infeasible", reason="diverged")
    draw = random.Random(1)
    rows = [_row(draw) for _ in range(200)]
    acting.do(import_batch, found, rows=rows)
    acting.do(delete_trial, found, 50)
    return found


def _row(draw: random.Random) -> dict[str, Any]:
    assignments = {"rate": draw.choice(RATES), "size": draw.choice(SIZES[:2])}
    return {"assignments": assignments, "value": round(draw.random(), 6)}


def _now(acting: Acting, study: str) -> int:
    return acting.look(read.study, study).seq


@pytest.mark.parametrize("most", [7, 50, 1000])
def test_a_sample_has_every_improvement_and_the_last(acting: Acting, study: str, most: int) -> None:
    """What is drawn of a history is exact, and the best line through it too."""
    whole = acting.look(read.history, study)
    best = [found for _, _, found, _ in whole]

    sample = acting.look(crowds.history_sample, study, most=most)

    assert sample.total == len(whole) == 199
    drawn = {point.position: point for point in sample.points}
    improved = {i for i in range(199) if i == 0 or best[i] != best[i - 1]}
    assert improved | {198} <= set(drawn)
    assert len(drawn) <= (199 if most >= 199 else most + len(improved) + 1)
    for at, point in drawn.items():
        assert (point.number, point.value, point.best) == whole[at][:3]
    gaps = [b - a for a, b in zip(sorted(drawn), sorted(drawn)[1:], strict=False)]
    assert max(gaps) <= 2 * -(-199 // most)


def test_one_result_more_is_one_point_more(acting: Acting, study: str) -> None:
    """A page that has a sample needs only its end to have the next one."""
    before = acting.look(crowds.history_sample, study, most=50).points
    acting.do(
        import_batch,
        study,
        rows=[{"assignments": {"rate": RATES[0], "size": SIZES[0]}, "value": 0.5}],
    )

    after = acting.look(crowds.history_sample, study, most=50).points

    assert list(after[: len(before) - 1]) == list(before[:-1])
    assert len(after) <= len(before) + 1


def test_a_study_without_results_has_an_empty_sample(acting: Acting) -> None:
    """Nothing divides by zero."""
    assert acting.look(crowds.history_sample, acting.create(), most=10) == crowds.Sample(0, [])


def _known(acting: Acting, study: str, seq: int) -> crowds.Knowledge:
    return acting.look(crowds.known_in, study, seq, revision=1, newest=1)


def test_tested_cells_sum_up_their_results(acting: Acting, study: str) -> None:
    """The first result of each cell, how many there are and their mean are those of the recipe."""
    acting.update(study)
    at = _now(acting, study)
    recipe = acting.look(read.recipe, study, at)

    known = _known(acting, study, at)

    values: dict[int, list[float]] = {}
    for cell, value in zip(recipe.cells, recipe.values, strict=True):
        values.setdefault(cell, []).append(value)
    firsts = {cell: recipe.cells.index(cell) for cell in values}
    tested = known.tested
    assert tested.cells.tolist() == sorted(values, key=lambda cell: firsts[cell])
    for place, cell in enumerate(tested.cells.tolist()):
        assert tested.first[place] == firsts[cell]
        assert tested.results(place) == values[cell]
        assert tested.means[place] == pytest.approx(sum(values[cell]) / len(values[cell]))
    assert known.infeasible.tolist() == recipe.infeasible != []


def test_what_came_since_is_added_to_what_was_read(acting: Acting, study: str) -> None:
    """After any event the record is the one that is read from the start, removals included.

    That of an earlier event, which a posterior may be of, stays what it was.
    """
    past: dict[int, list[int]] = {}
    rows = [{"assignments": {"rate": 0.1, "size": 32}, "value": 0.5}]
    steps: list[Callable[[], Any]] = [
        lambda: acting.do(import_batch, study, rows=rows),
        lambda: acting.do(correct, study, 60, value=0.25),
        lambda: acting.do(delete_trial, study, 70),
        lambda: acting.do(import_batch, study, rows=rows),
        lambda: acting.do(restore_trial, study, 70),
        lambda: acting.do(delete_trial, study, 1),
    ]
    for step in steps:
        step()
        at = _now(acting, study)
        grown = acting.look(record_at, study, at, newest=1)
        whole = EMPTY.extended(
            acting.look(storage.outcomes, study, after=0, until=at), at
        )  # fmt: skip
        assert grown.numbers.tolist() == whole.numbers.tolist()
        np.testing.assert_array_equal(grown.cells, whole.cells)
        np.testing.assert_array_equal(grown.values, whole.values)
        past[at] = whole.numbers.tolist()
        for earlier, numbers in past.items():
            assert acting.look(record_at, study, earlier, newest=1).numbers.tolist() == numbers


def test_pages_compute_from_what_updates_compute_from(acting: Acting, study: str) -> None:
    """The recipe of a snapshot is the same, whichever way it is read."""
    acting.update(study)
    row = acting.look(studies.find, study)
    newest = acting.look(read.snapshot, study)
    recipe, revision = acting.look(read.recipe_near, study)

    slow = acting.look(recipe_at, row, newest.seq, pending=newest.pending, theta=recipe.theta)

    assert (recipe, revision) == (slow, 1)


def test_what_came_since_is_all_that_is_read(
    acting: Acting, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page after a new result does not read all the others again."""
    read_after: list[int] = []
    outcomes = storage.outcomes

    def watched(c: Any, study_id: str, *, after: int, until: int) -> list[AnyRow]:
        read_after.append(after)
        return outcomes(c, study_id, after=after, until=until)

    monkeypatch.setattr(storage, "outcomes", watched)
    before = _now(acting, study)
    acting.look(record_at, study, before, newest=1)
    acting.do(import_batch, study, rows=[{"assignments": {"rate": 0.1, "size": 8}, "value": 0.5}])

    acting.look(record_at, study, _now(acting, study), newest=1)
    acting.look(record_at, study, before, newest=1)  # as a posterior that is behind

    assert read_after == [0, before]


def test_the_past_knows_only_what_was_known(acting: Acting) -> None:
    """A result that came later, and a deletion that came later, do not show."""
    study = acting.create()
    rows = [{"assignments": {"rate": 0.1, "size": 8}, "value": 0.5}]
    acting.do(import_batch, study, rows=rows)
    then = _now(acting, study)
    acting.do(import_batch, study, rows=[rows[0] | {"value": 0.7}])
    acting.do(delete_trial, study, 1)

    assert _known(acting, study, then).tested.values.tolist() == [0.5]
    assert _known(acting, study, _now(acting, study)).tested.values.tolist() == [0.7]


def test_running_best_agrees_with_python(acting: Acting, study: str) -> None:
    """The database's running best is the one that Python accumulates."""
    goal = acting.look(read.study, study).goal
    points = acting.look(crowds.history_sample, study, most=1000).points

    best = list(accumulate((p.value for p in points), max if goal == "maximize" else min))

    assert [point.best for point in points] == best


# ---------------------------------------------------------------- some of them
KINDS = (
    ("rate", 0.01),
    ("rate", 1e-05),
    ("size", 8),
    ("act", 'a "b" c.d'),
    ("fast", True),
    ('a.b "c"', "8"),
    ("1 $.x", 8),
)


@pytest.fixture
def mixed(acting: Acting) -> str:
    """A study whose levels are of every kind, with forty results."""
    parameters: list[dict[str, Any]] = [
        {"name": "rate", "kind": "ordered", "values": [1e-05, 0.01, 2.0], "scale": "log"},
        {"name": "size", "kind": "ordered", "values": [8, 16], "scale": "linear"},
        {"name": "act", "kind": "categorical", "values": ['a "b" c.d', "8", "\u00e9"]},
        {"name": "fast", "kind": "categorical", "values": [True, False]},
        {"name": 'a.b "c"', "kind": "categorical", "values": ["8", "x"]},
        {"name": "1 $.x", "kind": "ordered", "values": [8, 9], "scale": "linear"},
    ]
    study = acting.create(parameters=parameters)
    draw = random.Random(2)
    rows = [
        {
            "assignments": {one["name"]: draw.choice(one["values"]) for one in parameters},
            "value": round(draw.random(), 6),
        }
        for _ in range(40)
    ]
    acting.do(import_batch, study, rows=rows)
    return study


@pytest.mark.parametrize("sort", ["number", "-value"])
@pytest.mark.parametrize("levels", [*((kind,) for kind in KINDS), KINDS[2:4], ()])
def test_trials_are_listed_by_levels_and_by_value(
    acting: Acting, mixed: str, levels: tuple[tuple[str, Any], ...], sort: str
) -> None:
    """Exactly those that have the levels and lie in the range, whatever kind a level is of."""
    every = acting.look(read.trials, mixed, sort=sort, limit=100).items
    chosen = crowds.Chosen(low=0.25, high=0.75, levels=levels)

    found = acting.look(read.trials, mixed, sort=sort, among=chosen.among, limit=100).items

    wanted = [
        trial.number
        for trial in every
        if trial.value is not None
        and 0.25 <= trial.value <= 0.75
        and all(trial.assignments[name] == value for name, value in levels)
    ]
    assert [trial.number for trial in found] == wanted
    assert 0 < len(wanted) < 40


def test_a_sample_of_some_has_only_these(acting: Acting, mixed: str) -> None:
    """In their order, with the best among them."""
    chosen = crowds.Chosen(state="completed", levels=(("size", 16),))

    sample = acting.look(crowds.history_sample, mixed, most=100, chosen=chosen)

    listed = acting.look(read.trials, mixed, among=chosen.among, limit=100).items
    assert [point.number for point in sample.points] == [trial.number for trial in listed]
    best = accumulate((point.value for point in sample.points), min)
    assert [point.best for point in sample.points] == list(best)
    assert [point.position for point in sample.points] == list(range(sample.total))


@pytest.mark.parametrize("state", sorted(crowds.WITHOUT_VALUE))
def test_states_without_a_result_have_none(acting: Acting, study: str, state: str) -> None:
    """It is known without a look, and true."""
    found = acting.look(read.trials, study, state=state, limit=1000).items

    assert all(trial.value is None for trial in found)
    chosen = crowds.Chosen(state=state)
    assert acting.look(crowds.history_sample, study, most=9, chosen=chosen).total == 0
