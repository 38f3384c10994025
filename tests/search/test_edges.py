"""The edges of what can happen to a study: each is an update like any other."""

from typing import Any

import numpy as np
import pytest

from beliefgrid.search import (
    Observations,
    Posterior,
    SearchError,
    layers,
    update,
)
from tests.search.problems import AUTOENCODER, MIXED, observed, problem, some_results

NOTHING = Observations.none()


def _cells(posterior: Posterior) -> list[int]:
    return [candidate.cell for candidate in posterior.queue]


@pytest.mark.parametrize(
    "values",
    [
        [0.3],
        [0.0],
        [2.0, 2.0, 2.0, 2.0],
        [1e300, -1e300, 0.0, 1e299],
        [1.7e308, -1.7e308],
        [5e-324, 1e-323, 0.0],
        [0.1, 0.2, 1e300, 0.15, 0.3],
    ],
)
def test_any_finite_values_give_a_belief(values: list[float]) -> None:
    """One result, constant ones, huge and tiny ones: no warning, no NaN, untested cells unsure."""
    of = problem(AUTOENCODER)
    results = observed(list(range(len(values))), values)

    posterior = update(of, results)
    found = layers(of, results, posterior.theta)

    assert np.isfinite(posterior.p_best).all()
    assert np.isfinite(found["mean"]).all()
    assert np.isfinite(found["sd"]).all()
    assert found["sd"][8] > found["sd"][0]
    assert posterior.expected_regret is not None
    assert np.isfinite(posterior.expected_regret)


def test_one_diverged_run_does_not_blind_the_search() -> None:
    """The best of the others still leads, and what is near it is believed."""
    of = problem(AUTOENCODER)
    leader = update(of, observed([0, 2, 4, 6], [0.3, 0.2, 0.1, 1e6])).leader

    assert leader is not None
    assert leader.cell == 4


@pytest.mark.parametrize("diverged", [1e3, 1e6, 1e12])
def test_a_run_that_diverges_late_does_not_either(diverged: float) -> None:
    """The fit that begins from the theta before it takes nothing for noise that was not."""
    of = problem()
    before = update(of, some_results(of, 12))
    told = some_results(of, 12)
    late = observed([*told.cells.tolist(), 59], [*told.values.tolist(), diverged])

    after = update(of, late, previous=before.theta)

    assert after.theta is not None
    assert before.leader is not None
    assert after.leader is not None
    assert after.theta.log_noise < 0
    assert after.leader.cell == before.leader.cell


def test_all_infeasible_is_still_a_search() -> None:
    """No leader and no units, but the next cell is away from the failures."""
    of = problem()
    results = observed([], [], infeasible=[0, 1, 2, 3, 4, 5])

    posterior = update(of, results)
    found = layers(of, results, posterior.theta)

    assert posterior.leader is None
    assert posterior.infeasible == 6
    assert posterior.expected_gain_10 is None
    assert np.isnan(found["mean"]).all()
    assert (posterior.p_best[:6] == 0).all()
    assert posterior.queue[0].mean is None
    assert "likeliest to work" in posterior.queue[0].explanation["sentence"]


@pytest.mark.parametrize("likelihood", ["gp", "inverse_loss", "boltzmann"])
@pytest.mark.parametrize("acquisition", ["ei", "p_best", "thompson", "lcb"])
def test_an_exhausted_grid_has_an_empty_queue(likelihood: str, acquisition: str) -> None:
    """It is a state, not a loop, and the best cell is known."""
    of = problem(AUTOENCODER, strategy={"likelihood": likelihood, "acquisition": acquisition})
    posterior = update(of, observed(list(range(9)), [9.0, 8, 7, 6, 1, 5, 4, 3, 2]))

    assert posterior.queue == ()
    assert posterior.leader is not None
    assert posterior.leader.cell == 4


def test_a_grid_that_failed_everywhere_has_no_best_cell() -> None:
    """The belief stays a belief: it sums to one."""
    posterior = update(problem(AUTOENCODER), observed([], [], infeasible=list(range(9))))

    assert posterior.p_best.sum() == pytest.approx(1)
    assert posterior.queue == ()


def test_a_grid_of_one_cell() -> None:
    """It is the best one, before and after."""
    of = problem([{"name": "only", "values": [3]}])

    assert update(of, NOTHING).p_best.tolist() == [1.0]
    assert _cells(update(of, NOTHING)) == [0]
    done = update(of, observed([0], [0.5]))
    assert done.p_best.tolist() == [1.0]
    assert done.queue == ()
    assert done.entropy_bits == 0


def test_axes_with_one_level_change_nothing() -> None:
    """The same belief with and without them."""
    with_one = problem([MIXED[0], {"name": "one", "values": ["x"]}, *MIXED[1:]])
    results = some_results(problem(), 8)

    one, other = update(with_one, results), update(problem(), results)

    np.testing.assert_allclose(one.p_best, other.p_best, atol=1e-12)
    assert len(one.axis_marginals) == 4


def test_truth_values_are_a_categorical_axis() -> None:
    """Assignments come back as true and false."""
    of = problem([MIXED[0], {"name": "bias", "kind": "categorical", "values": [True, False]}])
    queue = update(of, some_results(of, 4)).queue

    assert of.grid.assignments(queue[0].cell)["bias"] in (True, False)


def test_repeats_of_a_cell_are_one_cell() -> None:
    """Ten results in two cells condition on two."""
    posterior = update(problem(), observed([1] * 5 + [9] * 5, [0.1, 0.2] * 5))

    assert posterior.n_observations == 10
    assert posterior.conditioned_on == 2
    assert {belief.observations for belief in posterior.among_tested} == {5}


def test_of_very_many_results_the_best_and_a_spread_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the posterior says of how many."""
    monkeypatch.setattr("beliefgrid.search.gaussian.CONDITION_ON", 20)
    monkeypatch.setattr("beliefgrid.search.gaussian.BEST_CONDITIONED_ON", 5)
    of = problem()
    theta = update(of, some_results(of, 8)).theta

    posterior = update(of, some_results(of, 30), theta=theta)

    assert posterior.n_observations == 30
    assert posterior.conditioned_on == 20


@pytest.mark.parametrize("name", ["grid", "random"])
def test_the_baselines_choose_without_looking_and_believe_all_the_same(name: str) -> None:
    """Grid search in order, random search without replacement; both get a posterior."""
    of = problem(strategy={"name": name})
    results = some_results(of, 6)

    posterior = update(of, results, pending=[0])

    taken = {*results.cells.tolist(), 0}
    assert len(_cells(posterior)) == 60 - len(taken)
    assert not taken & set(_cells(posterior))
    if name == "grid":
        assert _cells(posterior) == sorted(set(range(60)) - taken)
    assert posterior.queue[0].explanation["rule"] == name
    assert posterior.entropy_bits < np.log2(60)


def test_a_large_grid_is_believed_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """One fantasy a pending cell there; sums and counts as ever."""
    monkeypatch.setattr("beliefgrid.search.fantasies.BELIEVE_ABOVE", 4_500)
    of = problem([{"name": n, "values": list(range(17))} for n in ("a", "b", "c")])
    results = some_results(of, 12)

    posterior = update(of, results, pending=[5, 6], n_queue=8)

    assert posterior.p_best.sum() == pytest.approx(1)
    assert len(posterior.queue) == 8
    assert len(posterior.top) == 100


def test_an_unknown_layer_is_refused() -> None:
    """The sentence lists those that there are."""
    with pytest.raises(SearchError, match="p_feasible") as refused:
        layers(problem(), NOTHING, names=["colour"])

    assert refused.value.code == "layer_unknown"


def test_pending_cells_must_be_on_the_grid() -> None:
    """A wrong number is a mistake of the caller, and is said."""
    with pytest.raises(SearchError, match="0 to 59"):
        update(problem(), NOTHING, pending=[60])


def test_every_public_name_is_there_and_no_other() -> None:
    """Some are loaded when they are asked for; what is not there is an AttributeError."""
    from beliefgrid import search

    missing: Any = "surprise"
    assert all(hasattr(search, name) for name in search.__all__)
    with pytest.raises(AttributeError, match="surprise"):
        getattr(search, missing)


def test_a_grid_tested_without_noise_is_known() -> None:
    """Nine cells, nine exact results: the best one is the best one."""
    of = problem(AUTOENCODER, noise="none")

    posterior = update(of, observed(list(range(9)), [0.5, 0.4, 0.6, 0.3, 0.29, 0.7, 0.8, 0.9, 1]))

    assert posterior.p_best[4] > 0.99
