"""A definition becomes a problem, or is refused with a code."""

import tracemalloc
from typing import Any

import pytest

from beliefgrid.search import Problem, SearchError, check_value
from tests.search.problems import AUTOENCODER, problem


def test_everything_but_parameters_has_a_default() -> None:
    """Bayes with a Gaussian process and expected improvement; low values are good."""
    found = Problem.from_definition({"parameters": AUTOENCODER})

    assert found.goal == "minimize"
    assert found.strategy.name == "bayes"
    assert found.strategy.likelihood == "gp"
    assert found.strategy.acquisition == "ei"
    assert found.strategy.similarity == (0.5, 0.5)
    assert (found.noise, found.seed, found.stopping.probability) == ("some", 0, 0.9)


def test_the_goal_is_that_of_the_objective() -> None:
    """Metrics that are only recorded do not count."""
    metrics = [
        {"name": "time", "role": "record", "goal": "minimize"},
        {"name": "accuracy", "goal": "maximize"},
    ]

    assert problem(metrics=metrics).sign == -1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"metrics": [{"name": "a", "goal": "best"}]}, "goal_invalid"),
        ({"seed": -1}, "seed_invalid"),
        ({"seed": 1.5}, "seed_invalid"),
        ({"seed": True}, "seed_invalid"),
        ({"noise": "loud"}, "noise_invalid"),
        ({"strategy": "bayes"}, "strategy_invalid"),
        ({"strategy": {"name": "evolution"}}, "strategy_invalid"),
        ({"strategy": {"likelihood": "normal"}}, "strategy_invalid"),
        ({"strategy": {"acquisition": "ucb"}}, "strategy_invalid"),
        ({"strategy": {"colour": "red"}}, "strategy_invalid"),
        ({"strategy": {"similarity": {"depth": 0.5}}}, "strategy_invalid"),
        ({"strategy": {"similarity": {"size": 1.5}}}, "strategy_invalid"),
        ({"stopping": {"regret": -1}}, "stopping_invalid"),
        ({"stopping": {"probability": 1}}, "stopping_invalid"),
        ({"stopping": {"action": "explode"}}, "stopping_invalid"),
        ({"stopping": [1]}, "stopping_invalid"),
        (
            {
                "strategy": {"likelihood": "inverse_loss"},
                "metrics": [{"name": "a", "goal": "maximize"}],
            },
            "strategy_invalid",
        ),
    ],
)
def test_bad_definitions_are_refused(more: dict[str, Any], code: str) -> None:
    """Each kind has its own code."""
    with pytest.raises(SearchError) as refused:
        problem(**more)

    assert refused.value.code == code


def test_a_grid_that_does_not_fit_is_refused_before_it_is_held() -> None:
    """10^13 cells cost no memory and get a sentence with the product in it."""
    parameters = [{"name": f"p{i}", "values": list(range(10))} for i in range(13)]
    tracemalloc.start()

    with pytest.raises(SearchError, match="10,000,000,000,000") as refused:
        problem(parameters)

    assert refused.value.code == "grid_too_large"
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_must_be_finite(value: float) -> None:
    """A diverged run is a failure, not a number."""
    with pytest.raises(SearchError, match="infeasible") as refused:
        check_value(problem(), value)

    assert refused.value.code == "value_not_finite"


@pytest.mark.parametrize("loss", [0.0, -0.1])
def test_one_over_loss_needs_a_loss_above_zero(loss: float) -> None:
    """The sentence names the likelihoods that take any sign."""
    with pytest.raises(SearchError, match="boltzmann") as refused:
        check_value(problem(strategy={"likelihood": "inverse_loss"}), loss)

    assert refused.value.code == "loss_not_positive"
    check_value(problem(), loss)
