"""The last trials of a noisy study measure the leading cells again; no other study repeats one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beliefgrid.search import Posterior, Problem, update
from beliefgrid.search.observations import merge
from beliefgrid.search.repeat import gain_of_measuring, second_looks_left, worth_a_second_look
from beliefgrid.search.targets import targets_of
from tests.search.problems import MIXED, observed, problem, some_results

BUDGET = {"trials": 20}
LARGE: list[dict[str, Any]] = [
    {"name": str(axis), "values": list(range(20)), "scale": "linear"} for axis in range(6)
]


def again(posterior: Posterior) -> list[int]:
    """Return the cells of the queue that are there for a second look."""
    return [c.cell for c in posterior.queue if c.explanation["rule"] == "repeat"]


@pytest.mark.parametrize("parameters", [MIXED, LARGE])
def test_the_last_tenth_of_a_noisy_budget_goes_to_leading_cells(
    parameters: list[dict[str, Any]],
) -> None:
    """They head the queue, each once; new cells follow for who asks for more."""
    of = problem(parameters, noise="high", budget=BUDGET)
    results = some_results(of, 18)
    posterior = update(of, results)
    cells = [candidate.cell for candidate in posterior.queue]

    assert len(again(posterior)) == 2
    assert cells[:2] == again(posterior)
    assert set(cells[:2]) <= set(results.cells.tolist())
    assert not set(cells[2:]) & set(results.cells.tolist())
    assert "again" in posterior.queue[0].explanation["sentence"]


@settings(max_examples=30)
@given(
    n=st.integers(1, 24),
    noise=st.sampled_from(["none", "some", "high"]),
    budget=st.sampled_from([None, {"seconds": 60}, BUDGET]),
    acquisition=st.sampled_from(["ei", "lcb", "p_best", "thompson"]),
)
def test_no_other_study_is_given_a_tested_cell(
    n: int, noise: str, budget: dict[str, int] | None, acquisition: str
) -> None:
    """Not with less noise, not without a budget of trials, and not before its last tenth."""
    of = problem(noise=noise, budget=budget, strategy={"acquisition": acquisition})
    results = some_results(of, n)
    tested = set(results.cells.tolist()) & {c.cell for c in update(of, results).queue}

    assert bool(tested) == (noise == "high" and budget is BUDGET and n in (18, 19))


def test_a_live_second_look_is_not_given_twice() -> None:
    """It counts as a trial of the budget, and another cell is next."""
    of = problem(noise="high", budget=BUDGET)
    results = some_results(of, 18)
    first = again(update(of, results))[0]

    left = again(update(of, results, pending=[first]))

    assert len(left) == 1
    assert left != [first]


def test_several_workers_get_several_cells() -> None:
    """Of a budget of seventy the last seven, at most the six leading cells at a time."""
    of = problem(LARGE[:2], noise="high", budget={"trials": 70})
    results = some_results(of, 63)

    assert len(set(again(update(of, results)))) == 6


def test_what_a_second_look_says_is_averaged_with_the_first() -> None:
    """A leader that comes out worse the second time leads no longer."""
    of = problem(noise="high", budget=BUDGET)
    results = some_results(of, 18)
    leader = again(update(of, results))[0]
    cells, values = [*results.cells.tolist(), leader], [*results.values.tolist(), 2.0]
    after = update(of, observed(cells, values))

    assert after.leader is not None
    assert after.leader.cell != leader
    assert after.n_observations == 19
    assert {b.cell: b.observations for b in after.among_tested}[leader] == 2


def test_the_cell_with_the_largest_gain_is_first() -> None:
    """Of the six that lead, whatever lies behind them."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(9, 9))
    mean, covariance = np.sort(rng.normal(size=9)), root @ root.T
    gains = [gain_of_measuring(place, mean, covariance, 0.5) for place in range(6)]

    places = worth_a_second_look(mean, covariance, 0.5).tolist()

    assert sorted(places) == list(range(6))
    assert [gains[place] for place in places] == sorted(gains, reverse=True)


def test_one_more_result_is_as_noisy_as_those_before() -> None:
    """As their stated deviations say, in spreads of the results; else as the fitted noise says."""
    of = problem()
    cells, values = list(range(10)), [0.1 * (3 * c % 10) for c in range(10)]
    theta = update(of, observed(cells, values)).theta
    assert theta is not None
    exact = replace(theta, power=1.0)  # no warp: its slope would scale the deviations

    stated = targets_of(merge(of, observed(cells, values, stddevs=[0.2] * 10)), exact)
    twice = targets_of(merge(of, observed(cells * 2, values * 2, stddevs=[0.2] * 20)), exact)
    learned = targets_of(merge(of, observed(cells * 2, values * 2)), exact)

    assert stated.noise_of_next == pytest.approx((0.2 / theta.scale) ** 2)
    assert twice.noise_of_next == pytest.approx(stated.noise_of_next)
    assert learned.noise_of_next == exact.noise


@pytest.mark.parametrize(
    ("n_trials", "left"), [(0, 0), (35, 0), (36, 4), (39, 1), (40, 0), (41, 0)]
)
def test_a_tenth_of_the_budget_is_kept_for_second_looks(n_trials: int, left: int) -> None:
    """Four of forty, at least one of a few, and none beyond the budget."""
    of = problem(noise="high", budget={"trials": 40})
    few = problem(noise="high", budget={"trials": 3})

    assert second_looks_left(of, n_trials) == left
    assert [second_looks_left(few, n) for n in range(4)] == [0, 0, 1, 0]


def test_the_advice_compares_with_a_new_cell() -> None:
    """Also where second looks head the queue."""
    of: Problem = problem(noise="high", budget=BUDGET)
    plain = problem(noise="high")
    results = some_results(of, 18)
    found, beside = update(of, results).repeat, update(plain, results).repeat

    assert found is not None
    assert beside is not None
    assert found.gain_of_new == pytest.approx(beside.gain_of_new)
