"""What a study has learned, over HTTP."""

import math

import pytest

from tests.api.support import Api


def _told(api: Api, n: int, **changes: object) -> str:
    """Make a study with n results; its id."""
    study = api.study(**changes)
    for turn in range(n):
        trial = api.ask(study, wait_seconds=20)
        value = math.log10(trial["assignments"]["learning_rate"]) ** 2
        api.tell(study, trial["number"], value + 0.001 * turn)
    api.post(f"/studies/{study}/suggestions", {"wait_seconds": 20, "worker": "last"})
    return study


@pytest.fixture(scope="module")
def told() -> dict[int, str]:
    """One study for all tests of one client."""
    return {}


@pytest.fixture
def study(api: Api, told: dict[int, str]) -> str:
    """A study with six results."""
    key = id(api.client)
    if key not in told:
        told[key] = _told(api, 6, prior={"axes": {"learning_rate": [1, 1, 8]}})
    return told[key]


def test_what_each_trial_taught_sums_to_what_is_known(api: Api, study: str) -> None:
    """In bits; every trial with a result is named once."""
    found = api.get(f"/studies/{study}/information")

    assert sorted(n for item in found["items"] for n in item["trials"]) == [1, 2, 3, 4, 5, 6]
    assert sum(item["bits"] for item in found["items"]) == pytest.approx(found["total_bits"])
    assert found["prior_bits"] - found["entropy_bits"] == pytest.approx(found["total_bits"])
    assert found["total_bits"] > 0


def test_the_parameter_that_matters_is_the_important_one(api: Api, study: str) -> None:
    """Shares of the variance, with bands."""
    found = api.get(f"/studies/{study}/importance")
    rate, dim = found["parameters"]

    assert rate["name"] == "learning_rate"
    assert rate["alone"]["share"] > dim["alone"]["share"]
    assert rate["alone"]["low"] <= rate["alone"]["share"] <= rate["alone"]["high"]
    assert found["pairs"][0]["names"] == ["learning_rate", "latent_dim"]
    assert api.get(f"/studies/{api.study()}/information")["items"] == []


def test_predictions_are_compared_with_the_results_that_came(api: Api, study: str) -> None:
    """Those that were stored with the suggestions; the first cells had none."""
    found = api.get(f"/studies/{study}/calibration")

    assert 0 < found["predictions"] < 6
    assert [row["expected"] for row in found["coverage"]] == [0.5, 0.8, 0.95]
    assert all(0 <= row["observed"] <= 1 for row in found["coverage"])
    assert len(found["items"]) == found["predictions"]
    assert api.get(f"/studies/{api.study()}/calibration")["coverage"] == []


def test_a_prior_says_whether_the_data_contradict_it(api: Api, study: str) -> None:
    """With a p-value, and how much of it is left."""
    found = api.get(f"/studies/{study}/prior")

    assert found["prior"] == {"axes": {"learning_rate": [1, 1, 8]}}
    assert 0 < found["p_value"] <= 1
    assert 0 < found["power"] <= 1
    assert not found["is_in_conflict"]
    assert api.get(f"/studies/{api.study()}/prior")["p_value"] is None


def test_the_best_cell_comes_with_an_interval(api: Api, study: str) -> None:
    """And the stopping rule with a forecast and the worth of a second look."""
    best = api.get(f"/studies/{study}/best")
    stopping = api.get(f"/studies/{study}/stopping")

    assert best["interval"][0] <= best["mean"] <= best["interval"][1]
    assert best["best_value"] is not None
    assert set(stopping["repeat"]) >= {"cell", "assignments", "gain", "gain_of_new", "is_advised"}
    assert isinstance(stopping["repeat"]["is_advised"], bool)
    assert "trials_to_finish" in stopping
