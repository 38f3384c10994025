"""Grids that are too large to be written out: the same answers, from candidates."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beliefgrid.search import (
    Observations,
    Problem,
    SearchError,
    importance,
    layer_matrix,
    layers,
    update,
)
from beliefgrid.search import grid as written_out
from beliefgrid.search.arrays import Ints
from beliefgrid.search.candidates import ascended, even_cells, even_rows, neighbours
from beliefgrid.search.gaussian import GaussianModel
from beliefgrid.search.grid import Grid
from beliefgrid.search.lazy import LazyModel, listed_model
from beliefgrid.search.mass import DenseMass, SparseMass
from beliefgrid.search.observations import merge
from tests.search.problems import MIXED, observed, problem, some_results

WIDE: list[dict[str, Any]] = [
    {
        "name": f"p{axis}",
        "kind": "ordered" if axis % 3 else "categorical",
        "values": list(range(10)),
    }
    for axis in range(12)
]
NOTHING = Observations.none()


def _wide(**more: Any) -> Problem:
    return problem(WIDE, **more)


def _value(of: Problem, cell: int) -> float:
    return float(sum((level / 10 - 0.4) ** 2 for level in of.grid.levels(cell)))


def _told(of: Problem, cells: list[int], infeasible: list[int] | None = None) -> Observations:
    return observed(cells, [_value(of, cell) for cell in cells], infeasible)


def _some(of: Problem, n: int, seed: int = 0) -> list[int]:
    drawn: list[int] = np.random.default_rng(seed).integers(0, of.grid.n_cells, n).tolist()
    return drawn


# ---------------------------------------------------------------- second road
@pytest.mark.parametrize("infeasible", [0, 4])
@pytest.mark.parametrize("pending", [[], [7, 30]])
def test_a_list_of_all_cells_is_the_whole_grid(infeasible: int, pending: list[int]) -> None:
    """Means, sds, scores and samples' P(best) agree with those of the Kronecker road."""
    of = problem(MIXED, prior=None)
    results = merge(of, some_results(of, 12, infeasible=infeasible))
    theta = update(of, some_results(of, 12, infeasible=infeasible)).theta
    assert theta is not None
    whole = GaussianModel(of, results, theta, 3)
    listed = listed_model(of, results, theta, 3, np.arange(60))
    under_way = np.setdiff1d(np.array(pending, dtype=np.int64), results.known)

    np.testing.assert_allclose(listed.mean, whole.mean, atol=1e-9)
    np.testing.assert_allclose(listed.sd, whole.sd, atol=1e-9)
    np.testing.assert_allclose(listed.p_feasible(), whole.p_feasible(), atol=1e-9)
    np.testing.assert_allclose(listed.scores(under_way), whole.scores(under_way), atol=1e-6)
    assert np.abs(listed.p_best - whole.p_best).sum() < 0.35  # other normals, 256 samples
    assert listed.leader == whole.leader


def test_a_process_seen_over_other_cells_is_the_one_conditioned_anew() -> None:
    """The candidates' process shares the factor of the first one, and nothing else changes."""
    of = _wide()
    told = _told(of, _some(of, 15))
    results, theta = merge(of, told), update(of, told).theta
    assert theta is not None
    first = listed_model(of, results, theta, 3, np.union1d(results.cells, _some(of, 5000, 1)))
    cells = np.union1d(results.cells, _some(of, 90, 2))
    anew = listed_model(of, results, theta, 3, cells)
    seen = listed_model(of, results, theta, 3, cells, base=first)

    np.testing.assert_array_equal(seen.mean, anew.mean)
    np.testing.assert_array_equal(seen.sd, anew.sd)
    np.testing.assert_array_equal(seen.p_best, anew.p_best)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.5))
def test_listed_probabilities_are_those_written_out(seed: int, rest: float) -> None:
    """Every number that is read off a sparse belief, against the dense one."""
    grid = Grid.from_definition(MIXED)
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.choice(60, 9, replace=False))
    p = (1 - rest) * rng.dirichlet(np.ones(9))
    sparse = SparseMass(grid, cells, p, rest)
    field = np.full(60, rest / 51)
    field[cells] = p
    dense = DenseMass(grid, field)

    np.testing.assert_allclose(sparse.of(np.arange(60)), field)
    assert sparse.entropy_bits == pytest.approx(dense.entropy_bits)
    for axes in ([0], [2], [0, 1], [2, 0]):
        np.testing.assert_allclose(sparse.along(axes), dense.along(axes))
    top = int(dense.most_probable(1)[0])
    assert field[int(sparse.most_probable(1)[0])] <= field[top]
    if p.sum() > 0.951:
        assert sparse.cells_in_95 == dense.cells_in_95


def test_an_ascent_ends_where_no_single_axis_improves() -> None:
    """On a separable score one sweep finds the highest cell of all."""
    grid = Grid.from_definition(MIXED)
    rng = np.random.default_rng(1)
    parts = [rng.normal(size=size) for size in grid.shape]

    def score(cells: Ints) -> Any:
        levels = np.unravel_index(cells, grid.shape)
        return sum(part[level] for part, level in zip(parts, levels, strict=True))

    ends = ascended(grid, np.array([3, 40]), score)

    assert ends.tolist() == [int(score(np.arange(60)).argmax())]


def test_even_cells_reach_every_level_and_neighbours_differ_in_one() -> None:
    """What candidates are made of."""
    grid = _wide().grid
    rows = even_rows(grid, 256, 1)

    assert all(len(set(rows[:, axis].tolist())) == 10 for axis in range(12))
    for other in neighbours(grid, 123_456_789_012).tolist():
        assert (
            sum(
                a != b
                for a, b in zip(grid.levels(other), grid.levels(123_456_789_012), strict=True)
            )
            == 1
        )


# ---------------------------------------------------------------- whole updates
def test_a_trillion_cells_before_any_result() -> None:
    """The prior is uniform; what is next is spread over the grid."""
    posterior = update(_wide(), NOTHING)

    assert posterior.entropy_bits == pytest.approx(12 * np.log2(10))
    assert posterior.p_best.shape == (0,)
    assert len({candidate.cell for candidate in posterior.queue}) == 64
    np.testing.assert_allclose(posterior.axis_marginals, 0.1)


def test_a_trillion_cells_are_searched() -> None:
    """Fourteen results get far beyond what as many random cells do; nothing repeats."""
    of = _wide(noise="none")
    told: list[int] = []
    for event in range(14):
        posterior = update(of, _told(of, told), event=event)
        told.append(posterior.queue[0].cell)
    random = [min(_value(of, c) for c in _some(of, 14, seed)) for seed in range(20)]

    assert len(set(told)) == 14
    assert min(_value(of, cell) for cell in told) < min(random)
    assert sum(posterior.axis_marginals[3]) == pytest.approx(1)
    assert posterior.leader is not None
    assert posterior.leader.observations == 1
    assert posterior.trials_to_finish is None or posterior.trials_to_finish >= 0


def test_pending_excluded_and_infeasible_cells_are_not_suggested() -> None:
    """Rules are asked about candidates only."""
    of = _wide(constraints={"require": ["p1 + p2 <= 9"]}, prior={"axes": {"p4": [9] + [1] * 9}})
    cells = [c for c in _some(of, 40) if of.is_allowed(c)]
    data = _told(of, cells[:8], infeasible=cells[8:12])
    pending = [c.cell for c in update(of, data).queue[:8]]
    queue = [c.cell for c in update(of, data, pending=pending).queue]

    assert len(queue) > 30
    assert not set(queue) & {*pending, *cells[:12]}
    assert all(of.is_allowed(cell) for cell in queue)
    assert update(of, NOTHING).queue[0].explanation["rule"] == "prior"


def test_the_same_results_in_any_order_give_the_same_bits() -> None:
    """As on any grid."""
    of = _wide()
    cells = _some(of, 9)
    one, other = (
        update(of, _told(of, order), event=2, pending=[5, 3]) for order in (cells, cells[::-1])
    )

    assert [dataclasses.astuple(c) for c in one.queue] == [
        dataclasses.astuple(c) for c in other.queue
    ]
    assert one.top == other.top


# ---------------------------------------------------------------- pictures
def test_pictures_of_a_trillion_cells() -> None:
    """Sums of what is known as sums, and slices of everything."""
    of = _wide(prior={"axes": {"p1": list(range(10))}})
    data = _told(of, _some(of, 6))
    theta = update(of, data).theta
    at = {"p4": 3}
    for layer in ("p_best", "prior", "counts"):
        z = layer_matrix(of, data, theta, layer=layer, x="p1", y="p2").z
        assert z.shape == (10, 10)
        assert z.sum() == pytest.approx(6 if layer == "counts" else 1)
    for layer in ("p_best", "mean", "sd", "acquisition", "p_feasible", "prior", "counts"):
        found = layer_matrix(of, data, theta, layer=layer, x="p1", y="p0", reduce="slice", at=at)
        assert np.isfinite(found.z).all()
        assert found.x_values == tuple(range(10))
    mean = layer_matrix(of, data, theta, layer="counts", x="p1", reduce="mean").z
    assert mean.sum() == pytest.approx(6 / 1e11)
    assert np.isnan(layer_matrix(of, NOTHING, layer="mean", x="p1", reduce="slice").z).all()


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("layer_too_large", {"layer": "mean", "x": "p1", "reduce": "mean"}),
        ("layer_too_large", {"layer": "p_best", "x": "p1", "reduce": "max"}),
        ("layer_unknown", {"layer": "surprise", "x": "p1", "reduce": "slice"}),
        ("axis_unknown", {"x": "p1", "y": "p1"}),
        ("reduce_unknown", {"x": "p1", "reduce": "median"}),
    ],
)
def test_what_would_take_every_cell_is_refused(code: str, ask: dict[str, Any]) -> None:
    """With a code that says so."""
    with pytest.raises(SearchError) as raised:
        layer_matrix(_wide(), NOTHING, **ask)

    assert raised.value.code == code


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("grid_too_large", {"parameters": [*WIDE, {"name": "more", "values": list(range(10))}]}),
        ("strategy_invalid", {"strategy": {"likelihood": "boltzmann"}}),
        ("prior_too_large", {"prior": {"table": [1.0]}}),
        ("prior_shape", {"prior": {"axes": {"p1": [1, 2]}}}),
    ],
)
def test_what_cannot_be_done_on_so_many_cells_is_refused(code: str, changes: Any) -> None:
    """Ten trillion cells, the paper's rule, priors that list cells; and whole layers."""
    with pytest.raises(SearchError) as raised:
        problem(**({"parameters": WIDE} | changes))

    assert raised.value.code == code
    with pytest.raises(SearchError, match="at most a million"):
        layers(_wide(), NOTHING)


def test_small_grids_answer_pictures_too() -> None:
    """The same function on a grid that is written out."""
    of = problem()
    data = some_results(of, 5)

    assert layer_matrix(of, data, x="rate", y="size").z.sum() == pytest.approx(1)


# ---------------------------------------------------------------- by candidates, by brute force
CUBE: list[dict[str, Any]] = [
    {"name": name, "kind": "ordered", "values": list(range(40))} for name in "abc"
]


@contextmanager
def _by_candidates() -> Iterator[None]:
    """No grid is written out, however small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written_out, "MAX_WRITTEN_OUT", 0)
        yield


def test_where_all_cells_are_candidates_both_roads_agree() -> None:
    """The update of a small grid, by candidates and written out."""
    told = some_results(problem(), 12, infeasible=2)
    expected = update(problem(), told)
    with _by_candidates():
        found = update(problem(), told, theta=expected.theta)

    assert found.p_best.size == 0
    assert found.queue[0].cell == expected.queue[0].cell
    assert found.leader is not None
    assert expected.leader is not None
    assert found.leader.cell == expected.leader.cell
    assert found.leader.mean == pytest.approx(expected.leader.mean)
    assert found.entropy_bits == pytest.approx(expected.entropy_bits, abs=0.3)
    for one, other in zip(found.axis_marginals, expected.axis_marginals, strict=True):
        np.testing.assert_allclose(one, other, atol=0.08)


@pytest.mark.parametrize("n", [6, 25])
def test_even_cells_stand_for_those_not_looked_at(n: int) -> None:
    """P(best) of all cells that are no candidates is what it is when each is looked at."""
    whole = problem(CUBE)
    told = _told(whole, _some(whole, n))
    theta = update(whole, told).theta
    assert theta is not None
    expected = GaussianModel(whole, merge(whole, told), theta, 3).p_best
    with _by_candidates():
        mass = LazyModel(problem(CUBE), merge(whole, told), theta, 3, np.zeros(0, np.int64)).mass

    others = np.setdiff1d(np.arange(40**3), mass.cells)
    assert mass.p.sum() + mass.rest == pytest.approx(1.0)
    assert mass.rest == pytest.approx(expected[others].sum(), abs=0.06)


@pytest.mark.parametrize(("peak", "is_conflict"), [(16, False), (39, True)])
def test_a_prior_that_data_contradict_is_seen_by_candidates(
    peak: int, *, is_conflict: bool
) -> None:
    """The p-value is the one of brute force, for a good prior and for a bad one."""
    weights = np.exp(-0.5 * ((np.arange(40) - peak) / 3) ** 2).tolist()
    prior = {"axes": {"a": weights, "b": weights}}
    told = _told(problem(CUBE), _some(problem(CUBE), 25))
    expected = update(problem(CUBE, prior=prior), told)
    with _by_candidates():
        found = update(problem(CUBE, prior=prior), told, theta=expected.theta)

    assert expected.conflict is not None
    assert found.conflict is not None
    assert expected.conflict.is_conflict == is_conflict
    assert found.conflict.is_conflict == is_conflict
    assert found.conflict.p_value == pytest.approx(expected.conflict.p_value, abs=0.02)


def test_even_cells_count_the_cells_that_rules_leave() -> None:
    """Without a look at each cell, within a few per cent."""
    rules = {"require": ["a + b <= 32", "c >= 7"]}
    expected = problem(CUBE, constraints=rules).n_allowed
    with _by_candidates():
        found = even_cells(problem(CUBE, constraints=rules))[1]

    assert found == pytest.approx(expected, rel=0.05)


def test_importance_is_refused_by_candidates_and_nothing_is_guessed() -> None:
    """It would take every cell."""
    told = some_results(problem(), 12)

    with _by_candidates(), pytest.raises(SearchError, match="at most a million cells"):
        importance(problem(), told)
