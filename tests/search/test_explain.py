"""Every suggestion says why, in one sentence with numbers and in numbers."""

import numpy as np
import pytest

from beliefgrid.search import update
from beliefgrid.search.explain import text
from tests.search.problems import problem, some_results


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
