"""What charts are fed with: the same numbers as the REST API's, small, and sent once."""

import pytest
from starlette.testclient import TestClient

from tests.api.support import Api
from tests.dashboard.conftest import Filled


@pytest.mark.parametrize(
    "query",
    [
        {"layer": "p_best", "x": "rate", "y": "size", "reduce": "sum"},
        {"layer": "mean", "x": "size", "y": "act", "reduce": "max"},
        {"layer": "sd", "x": "rate", "y": "act", "reduce": "slice", "fix.size": "32"},
    ],
)
def test_the_posterior_of_charts_is_that_of_the_rest_api(
    app_client: TestClient, api: Api, filled: Filled, query: dict[str, str]
) -> None:
    """Number for number."""
    fed = app_client.get(f"/studies/{filled.id}/charts/posterior", params=query).json()

    assert fed == api.get(f"/studies/{filled.id}/posterior", **query)


@pytest.mark.parametrize("name", ["posterior", "definition"])
def test_a_feed_is_sent_once(app_client: TestClient, filled: Filled, name: str) -> None:
    """A browser that has it gets 304."""
    path = f"/studies/{filled.id}/charts/{name}"
    tag = app_client.get(path).headers["etag"]

    assert app_client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_definition_of_charts_is_the_study_s(
    app_client: TestClient, api: Api, filled: Filled
) -> None:
    """Its grid, its metric and its goal."""
    fed = app_client.get(f"/studies/{filled.id}/charts/definition").json()

    study = api.get(f"/studies/{filled.id}")
    assert fed["parameters"] == study["parameters"]
    assert (fed["metric"], fed["goal"], fed["revision"]) == ("mse", "minimize", 1)


def test_the_ratio_is_that_of_posterior_and_prior(app_client: TestClient, filled: Filled) -> None:
    """In bits, cell by cell of the picture; 0 where nothing changed."""
    path = f"/studies/{filled.id}/charts/posterior"
    query = {"x": "rate", "y": "size", "reduce": "sum"}
    ratio, after, before = (
        app_client.get(path, params=query | {"layer": layer}).json()
        for layer in ("ratio", "p_best", "prior")
    )

    assert (ratio["layer"], ratio["unit"], ratio["seq"]) == ("ratio", "bits", after["seq"])
    for bits, then, once in zip(ratio["z"], after["z"], before["z"], strict=True):
        for bit, a, b in zip(bits, then, once, strict=True):
            assert a == pytest.approx(b * 2**bit)


@pytest.mark.parametrize("query", [{"reduce": "sum"}, {"reduce": "slice", "fix.act": "relu"}])
def test_marks_and_results_are_told_by_the_squares_of_the_picture(
    app_client: TestClient, api: Api, filled: Filled, query: dict[str, str]
) -> None:
    """However many cells lie behind a square, it is told once, with all its results."""
    path, axes = f"/studies/{filled.id}/charts", {"x": "rate", "y": "size"} | query
    marks = app_client.get(f"{path}/marks", params=axes).json()
    results = app_client.get(f"{path}/results", params=axes).json()

    levels = {
        one["name"]: sorted(one["values"]) if one["kind"] == "ordered" else one["values"]
        for one in api.get(f"/studies/{filled.id}")["parameters"]
    }
    told: dict[int, list[float]] = {}
    for trial in api.get(f"/studies/{filled.id}/trials", state="completed", order="asc")["items"]:
        at = trial["assignments"]
        if query.get("fix.act", at["act"]) == at["act"]:
            column, row = levels["rate"].index(at["rate"]), levels["size"].index(at["size"])
            square = row * len(levels["rate"]) + column
            told.setdefault(square, []).append(trial["value"])
    assert marks["tested"]["n"] == len(told)
    assert sorted(marks["tested"]["squares"]) == sorted(results["squares"]) == sorted(told)
    for square, count, values in zip(
        results["squares"], results["counts"], results["values"], strict=True
    ):
        assert count == len(told[square])
        if count <= 4:
            assert sorted(values) == pytest.approx(sorted(told[square]), rel=1e-5)
