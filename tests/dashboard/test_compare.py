"""Compare: studies side by side, and what differs in how they were defined."""

import pytest
from starlette.testclient import TestClient

from tests.api.support import STUDY, Api
from tests.dashboard.conftest import Filled, counted_statements, wait_for_posterior


@pytest.fixture(scope="module")
def pair(api: Api) -> tuple[str, str]:
    """Two studies of one name that differ in noise and in one level."""
    first = api.study(name="twin")
    rate = STUDY["parameters"][0] | {"values": [0.001, 0.01, 0.1, 1.0]}
    second = api.study(name="twin", noise="high", parameters=[rate, STUDY["parameters"][1]])
    for study, value in ((first, 0.3), (second, 0.2)):
        cell = {"learning_rate": 0.01, "latent_dim": 16}
        body = {"assignments": cell, "observation": {"value": value}}
        api.post(f"/studies/{study}/trials", body)
        wait_for_posterior(api, study)
    return first, second


def test_what_differs_is_told_apart_from_what_is_alike(
    app_client: TestClient, pair: tuple[str, str]
) -> None:
    """The levels and the noise differ; the other parameter is alike."""
    text = app_client.get("/compare", params={"study": list(pair)}).text
    different = text.partition("What differs")[2].partition("What they have alike")[0]

    assert "0.001, 0.01, 0.1, 1; log scale" in different
    assert "noise" in different
    assert "latent_dim" not in different
    assert "twin (2) has the best mse, 0.2" in text


def test_curves_have_a_line_for_each_study(app_client: TestClient, pair: tuple[str, str]) -> None:
    """Best so far, P(best) and entropy; studies of one name get numbers."""
    for name in ("best", "p_best", "entropy"):
        feed = app_client.get(f"/compare/charts/{name}", params={"study": list(pair)}).json()
        assert [one["name"] for one in feed["series"]] == ["twin (1)", "twin (2)"]
        assert all(one["x"] for one in feed["series"])
    assert app_client.get("/compare/charts/other", params={"study": list(pair)}).status_code == 404


def test_too_few_and_too_many_are_said(
    app_client: TestClient, pair: tuple[str, str], api: Api
) -> None:
    """One is no comparison; the seventh is left out."""
    many = [*pair, *(api.study(name=f"more {i}") for i in range(5))]

    assert "Choose at least 2" in app_client.get("/compare", params={"study": pair[0]}).text
    assert "1 are left out" in app_client.get("/compare", params={"study": many}).text
    assert "Choose two to six" in app_client.get("/compare").text


def test_queries_grow_with_the_studies_only(
    app_client: TestClient, pair: tuple[str, str], filled: Filled
) -> None:
    """A few for each, whatever is in it."""
    with counted_statements(app_client) as statements:
        answer = app_client.get("/compare", params={"study": [*pair, filled.id]})

    assert answer.status_code == 200
    assert len(statements) <= 2 + 3 * 8, "\n".join(statements)


def test_a_study_that_is_not_there_is_404(app_client: TestClient, pair: tuple[str, str]) -> None:
    """As on its own page."""
    answer = app_client.get("/compare", params={"study": [pair[0], "st_none"]})

    assert answer.status_code == 404
