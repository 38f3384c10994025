"""Updates as a whole: what it knows before any result, what always holds, what it learns."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beliefgrid.search import (
    ENGINE_VERSION,
    Observations,
    Posterior,
    Theta,
    layers,
    update,
)
from tests.search.problems import MIXED, observed, problem, some_results

NOTHING = Observations.none()


def _cells(posterior: Posterior) -> list[int]:
    return [candidate.cell for candidate in posterior.queue]


# ---------------------------------------------------------------- before any result
def test_without_results_the_posterior_is_the_prior() -> None:
    """Bayes' rule with no data."""
    of = problem(prior={"axes": {"size": [1, 2, 3, 2, 1]}})
    posterior = update(of, NOTHING)

    np.testing.assert_array_equal(posterior.p_best, of.prior.weights)
    assert posterior.leader is None
    assert posterior.theta is None
    assert posterior.top[0].mean is None
    assert posterior.engine_version == ENGINE_VERSION
    assert not posterior.should_stop


def test_layers_without_results_say_that_nothing_is_known() -> None:
    """Mean and sd have no number; the prior has."""
    found = layers(problem(), NOTHING)

    assert np.isnan(found["mean"]).all()
    assert np.isnan(found["sd"]).all()
    assert found["counts"].sum() == 0
    assert (found["p_feasible"] == 0.5).all()
    np.testing.assert_array_equal(found["p_best"], found["prior"])


def test_the_first_cells_are_spread_over_every_axis() -> None:
    """A Latin design: four different rates, and at least three sizes and kinds."""
    of = problem()
    first = np.array([of.grid.levels(cell) for cell in _cells(update(of, NOTHING))[:4]])

    assert [len(set(first[:, axis].tolist())) >= n for axis, n in enumerate((3, 3, 2))] == [
        True
    ] * 3
    assert update(of, NOTHING).queue[0].explanation["rule"] == "start"


def test_half_of_the_first_cells_come_from_a_user_s_prior() -> None:
    """A prior that is sure of one cell has it tested first."""
    cells = [{"assignments": {"rate": 0.01, "size": 3, "kind": "gelu"}}]
    of = problem(prior={"cells": cells})
    rules = [candidate.explanation["rule"] for candidate in update(of, NOTHING).queue[:4]]

    assert rules == ["prior", "prior", "start", "start"]
    assert of.grid.cell(cells[0]["assignments"]) in _cells(update(of, NOTHING))[:2]


def test_a_whole_fleet_may_ask_before_the_first_result() -> None:
    """The queue is long, without repeats, and leaves out what is under way."""
    posterior = update(problem(), NOTHING, pending=[3, 4, 5, 6, 7])

    assert len(set(_cells(posterior))) == 55
    assert not {3, 4, 5, 6, 7} & set(_cells(posterior))


@pytest.mark.parametrize("n_queue", [1, 2, 3])
@pytest.mark.parametrize("n_results", [1, 2, 5])
def test_a_short_list_is_the_head_of_a_long_one(n_results: int, n_queue: int) -> None:
    """Also where the start alone fills it."""
    of, known = problem(), observed(list(range(n_results)), [1.0 + n for n in range(n_results)])
    long, short = (_cells(update(of, known, n_queue=n)) for n in (20, n_queue))

    assert short == long[:n_queue]


# ---------------------------------------------------------------- properties
@settings(max_examples=15)
@given(
    n=st.integers(1, 12),
    infeasible=st.integers(0, 3),
    seed=st.integers(0, 1000),
    pending=st.sets(st.integers(0, 59), max_size=4),
    acquisition=st.sampled_from(["ei", "p_best", "thompson", "lcb"]),
    goal=st.sampled_from(["minimize", "maximize"]),
)
def test_what_always_holds(
    n: int, infeasible: int, seed: int, pending: set[int], acquisition: str, goal: str
) -> None:
    """The belief sums to one; nothing known or pending is suggested; all of it is plain JSON."""
    metrics = [{"name": "loss", "goal": goal}]
    of = problem(strategy={"acquisition": acquisition}, metrics=metrics, seed=seed)
    results = some_results(of, n, seed=seed, infeasible=infeasible)

    posterior = update(of, results, pending=pending, event=n)

    assert posterior.p_best.sum() == pytest.approx(1)
    assert (posterior.p_best >= 0).all()
    assert (posterior.p_best[results.infeasible] == 0).all()
    assert sum(belief.p_best for belief in posterior.among_tested) == pytest.approx(1)
    taken = {*results.cells.tolist(), *results.infeasible.tolist(), *pending}
    cells = _cells(posterior)
    assert not taken & set(cells)
    assert len(set(cells)) == len(cells) == min(60 - len(taken), 64)
    assert posterior.leader is not None
    assert posterior.leader.cell in results.cells
    json.dumps([asdict(candidate) for candidate in posterior.queue], allow_nan=False)
    json.dumps([asdict(belief) for belief in posterior.top], allow_nan=False)


@settings(max_examples=5)
@given(order=st.permutations(list(range(9))))
def test_the_order_of_results_does_not_change_a_bit(order: list[int]) -> None:
    """Repeats included."""
    of = problem()
    found = some_results(of, 8)
    cells = [*found.cells.tolist(), int(found.cells[0])]
    values = [*found.values.tolist(), 0.1]
    shuffled = observed([cells[i] for i in order], [values[i] for i in order])

    one, other = update(of, observed(cells, values), event=9), update(of, shuffled, event=9)

    np.testing.assert_array_equal(one.p_best, other.p_best)
    assert one.queue == other.queue
    assert one.theta == other.theta


@pytest.mark.parametrize("acquisition", ["ei", "p_best", "thompson", "lcb"])
def test_a_stored_theta_gives_the_same_bits(acquisition: str) -> None:
    """A posterior is rebuilt from its theta without a fit, whatever it was fitted from."""
    of = problem(strategy={"acquisition": acquisition})
    before = update(of, some_results(of, 7)).theta
    results = some_results(of, 8, infeasible=2)

    fitted = update(of, results, event=5, pending=[1], previous=before)
    assert fitted.theta is not None
    theta = Theta.from_json(json.loads(json.dumps(fitted.theta.to_json())))
    again = update(of, results, event=5, pending=[1], theta=theta)
    found = layers(of, results, theta, event=5, pending=[1])

    np.testing.assert_array_equal(again.p_best, fitted.p_best)
    np.testing.assert_array_equal(found["p_best"], fitted.p_best)
    assert again.queue == fitted.queue
    assert int(np.nanargmax(found["acquisition"])) == fitted.queue[0].cell


def test_maximizing_is_minimizing_the_negative() -> None:
    """The same belief, the same next cell, means with the other sign."""
    down, up = problem(), problem(metrics=[{"name": "a", "goal": "maximize"}])
    results = some_results(down, 10)
    negative = observed(results.cells.tolist(), (-results.values).tolist())

    low, high = update(down, results), update(up, negative)

    np.testing.assert_allclose(low.p_best, high.p_best, atol=1e-12)
    assert _cells(low)[:5] == _cells(high)[:5]
    assert low.leader is not None
    assert high.leader is not None
    assert low.leader.mean == pytest.approx(-float(high.leader.mean or 0))


@pytest.mark.parametrize(("factor", "shift"), [(1000.0, 0.0), (1.0, 64.0), (0.25, -8.0)])
def test_units_of_the_metric_do_not_matter(factor: float, shift: float) -> None:
    """An affine change moves means and sds, not beliefs."""
    of = problem()
    results = some_results(of, 10)
    changed = observed(results.cells.tolist(), (factor * results.values + shift).tolist())

    one, other = update(of, results), update(of, changed)

    np.testing.assert_allclose(one.p_best, other.p_best, atol=1e-4)
    assert one.leader is not None
    assert other.leader is not None
    assert one.leader.cell == other.leader.cell
    assert other.leader.mean == pytest.approx(
        factor * float(one.leader.mean or 0) + shift, rel=1e-4
    )


def test_order_of_levels_and_axes_does_not_matter() -> None:
    """A grid written down differently gives the same means."""
    turned = [MIXED[2], MIXED[0] | {"values": [1.0, 0.1, 0.01, 0.001]}, MIXED[1]]
    one, other = problem(), problem(turned)
    results = some_results(one, 12)
    cells = [other.grid.cell(one.grid.assignments(cell)) for cell in results.cells.tolist()]
    moved = observed([cell or 0 for cell in cells], results.values.tolist())

    here = layers(one, results, update(one, results).theta, names=["mean"])["mean"]
    there = layers(other, moved, update(other, moved).theta, names=["mean"])["mean"]

    for cell in range(60):
        place = other.grid.cell(one.grid.assignments(cell))
        assert place is not None
        assert here[cell] == pytest.approx(there[place], abs=2e-3)


# ---------------------------------------------------------------- what the belief learns
def test_a_good_region_attracts_belief_and_tests() -> None:
    """On a smooth bowl ten results are enough to look near its bottom."""
    of = problem([{"name": n, "values": list(range(9)), "scale": "linear"} for n in ("a", "b")])
    cells = [0, 8, 40, 72, 80, 20, 60, 24, 56, 38]
    values = [(c // 9 - 3) ** 2 + (c % 9 - 5) ** 2 for c in cells]

    posterior = update(of, observed(cells, [float(v) for v in values]))

    best = of.grid.cell({"a": 3, "b": 5})
    assert best in {belief.cell for belief in posterior.top[:6]}
    assert best in _cells(posterior)[:3]
    assert posterior.entropy_bits < np.log2(81) - 1
    assert posterior.cells_in_95 < 81


def test_beliefs_near_failures_are_lower() -> None:
    """A region where nothing works is avoided, and P(feasible) says so."""
    of = problem([{"name": n, "values": list(range(8)), "scale": "linear"} for n in ("a", "b")])
    works = [0, 3, 6, 17, 20]
    fails = [40, 43, 46, 57, 60, 63]
    results = observed(works, [1.0, 1.1, 0.9, 1.2, 1.0], infeasible=fails)

    posterior = update(of, results)
    feasible = layers(of, results, posterior.theta, names=["p_feasible"])["p_feasible"]

    assert all(cell < 40 for cell in _cells(posterior)[:3])
    assert feasible[2] > feasible[61]
    assert feasible[0] == 1
    assert feasible[40] == 0


def test_a_pending_cell_keeps_others_away() -> None:
    """The second worker is not sent next door of the first."""
    of = problem()
    results = some_results(of, 12)
    first = _cells(update(of, results))[0]

    with_pending = layers(of, results, update(of, results).theta, names=["acquisition"],
                          pending=[first])["acquisition"]  # fmt: skip
    without = layers(of, results, update(of, results).theta, names=["acquisition"])["acquisition"]

    assert np.isnan(with_pending[first])
    assert first not in _cells(update(of, results, pending=[first]))
    neighbour = first + 1 if first % 3 < 2 else first - 1
    assert not with_pending[neighbour] > without[neighbour] + 1e-6


def test_a_tested_cell_is_predicted_at_about_its_value() -> None:
    """With no noise, to a hundredth of the spread, and nearly surely."""
    of = problem(noise="none")
    results = some_results(of, 10)
    found = layers(of, results, update(of, results).theta, names=["mean", "sd"])

    spread = float(np.ptp(results.values))
    np.testing.assert_allclose(found["mean"][results.cells], results.values, atol=0.01 * spread)
    assert (found["sd"][results.cells] < 0.01 * spread).all()


def test_a_stated_deviation_makes_a_result_count_less() -> None:
    """The same lucky value is believed less if it is known to be vague."""
    of = problem()
    results = some_results(of, 10)
    lucky = results.values.copy()
    lucky[3] = -1.0
    vague = np.where(np.arange(10) == 3, 2.0, 1e-3)

    sure = update(of, observed(results.cells.tolist(), lucky.tolist(), stddevs=[1e-3] * 10))
    unsure = update(of, observed(results.cells.tolist(), lucky.tolist(), stddevs=vague.tolist()))

    cell = int(results.cells[3])
    assert unsure.p_best[cell] < sure.p_best[cell]


def test_a_prior_pulls_the_search_and_fades() -> None:
    """With few results the painted cell is next; the posterior holds prior times likelihood."""
    cells = [{"assignments": {"rate": 1.0, "size": 5, "kind": "gelu"}}]
    with_prior, without = problem(prior={"cells": cells}), problem()
    painted = with_prior.grid.cell(cells[0]["assignments"])
    assert painted is not None
    results = some_results(without, 4)

    assert _cells(update(with_prior, results))[0] == painted
    one, other = update(with_prior, results), update(without, results)
    joint = with_prior.prior.weights * other.p_best
    np.testing.assert_allclose(one.p_best, joint / joint.sum(), rtol=1e-9)
