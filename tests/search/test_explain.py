"""Every suggestion says why, in one sentence with numbers and in numbers."""

import math

import numpy as np
import pytest
from scipy import stats

from beliefgrid.search import Observations, update
from beliefgrid.search.explain import text
from tests.search.problems import observed, problem, some_results


@pytest.mark.parametrize("acquisition", ["ei", "p_best", "thompson", "lcb"])
def test_a_suggestion_explains_itself(acquisition: str) -> None:
    """The rule, the prediction, the best so far, runner-ups and the nearest tested cells."""
    of = problem(strategy={"acquisition": acquisition})
    results = some_results(of, 8)
    posterior = update(of, results)
    first, second = posterior.queue[:2]
    why = first.explanation

    assert why["rule"] == acquisition
    assert why["rank"] == 1
    assert why["sentence"].count(".") >= 2
    assert "kind" in why["sentence"]
    assert [why["mean"], why["sd"], why["p_best"]] == [first.mean, first.sd, first.p_best]
    assert why["runner_ups"][0] == {
        "cell": second.cell,
        "assignments": of.grid.assignments(second.cell),
        "score": second.score,
    }
    nearest = why["nearest_tested"]
    assert len(nearest) == 3
    assert nearest[0]["correlation"] >= nearest[1]["correlation"]
    row = results.cells.tolist().index(nearest[0]["cell"])
    assert nearest[0]["value"] == results.values[row]


def test_whole_numbers_are_said_without_a_point() -> None:
    """Levels that came as 1.0 are read as 1, as everywhere else."""
    axes = [{"name": "t", "kind": "ordered", "scale": "linear", "values": [1.0, 2.0, 2.5]}]
    of = problem(parameters=axes)
    found = update(of, observed([0, 2], [1.0, 2.0])).queue[0].explanation

    assert found["sentence"].startswith("t 2 is next")


def test_a_suggestion_says_what_its_value_may_be() -> None:
    """Student's t around the mean: wider than the sd alone, narrower as results come."""
    of = problem()
    few, many = (update(of, some_results(of, n)).queue[0] for n in (3, 12))
    told = many.explanation["next_value"]
    theta = update(of, some_results(of, 12)).theta
    assert theta is not None
    assert many.mean is not None
    assert many.sd is not None
    sd = math.hypot(many.sd, theta.scale * theta.noise**0.5)

    assert told["degrees"] == 1 + 12 / 16
    assert told["scale"] == pytest.approx(0.76 * sd)
    for share in (0.5, 0.8, 0.95):
        low, high = told[f"interval_{100 * share:.0f}"]
        of_t = stats.t(told["degrees"], many.mean, told["scale"])
        assert of_t.cdf(high) - of_t.cdf(low) == pytest.approx(share)
    assert few.explanation["next_value"]["degrees"] < told["degrees"]


def test_a_stated_deviation_widens_what_the_next_value_may_be() -> None:
    """The next result scatters like those before it: as was stated, not as the fitted noise."""
    of = problem()
    values = [0.1 * (3 * cell % 10) for cell in range(10)]
    first = update(of, observed(list(range(10)), values, stddevs=[0.2] * 10)).queue[0]

    assert first.sd is not None
    assert first.explanation["next_value"]["scale"] > 0.76 * math.hypot(first.sd, 0.15)


def test_what_has_no_distribution_tells_none() -> None:
    """The paper's rule, and the first cells of a study."""
    of = problem(prior=None, strategy={"likelihood": "inverse_loss"})

    assert update(of, some_results(of, 8)).queue[0].explanation["next_value"] is None
    assert update(of, Observations.none()).queue[0].explanation["next_value"] is None


def test_a_promise_is_split_into_value_and_uncertainty() -> None:
    """The parts sum to the expected improvement in the metric's units, which is in the sentence."""
    of = problem()
    why = update(of, some_results(of, 8)).queue[0].explanation

    total = why["improvement_from_value"] + why["improvement_from_uncertainty"]
    assert total > 0
    assert f"improve on the best by {text(total, 2)}" in why["sentence"]


def test_scores_fall_along_the_queue() -> None:
    """Each next cell promises no more than the one before, by what was known when it was chosen."""
    of = problem(strategy={"acquisition": "p_best"})
    scores = [candidate.score for candidate in update(of, some_results(of, 8)).queue]

    assert (np.diff(np.array(scores, dtype=np.float64)) <= 1e-8).all()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (0.15, "0.15"),
        (-0.000123456, "-0.0001235"),
        (1234567.0, "1.235e+06"),
        (123456.7, "123457"),
        (0.00001, "1e-05"),
        (100.0, "100"),
        (99.99999, "100"),
    ],
)
def test_numbers_are_written_plainly(value: float, written: str) -> None:
    """Four digits, and no exponent between a ten-thousandth and a million."""
    assert text(value) == written
