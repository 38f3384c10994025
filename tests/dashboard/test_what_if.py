"""What if: the belief that would follow is what does follow, and nothing is stored."""

import re

import pytest
from starlette.testclient import TestClient

from beliefgrid.dashboard.numbers import cell_text, percent
from tests.api.support import Api
from tests.dashboard.conftest import wait_for_posterior

CELL = {"learning_rate": 0.1, "latent_dim": 8}
ASK = {"ask": "result", "fix.learning_rate": "0.1", "fix.latent_dim": "8"}


@pytest.fixture
def study(api: Api) -> str:
    """A study of nine cells with two results and a prior."""
    made = api.study(name="what if", prior={"axes": {"latent_dim": [1, 3, 1]}})
    _import(api, made, {"learning_rate": 0.01, "latent_dim": 16}, 0.2)
    _import(api, made, {"learning_rate": 0.001, "latent_dim": 16}, 0.4)
    wait_for_posterior(api, made)
    return made


def _import(api: Api, study: str, cell: dict[str, float], value: float) -> None:
    body = {"assignments": cell, "observation": {"value": value}}
    api.post(f"/studies/{study}/trials", body)


def _page(client: TestClient, study: str, **query: str) -> str:
    answer = client.get(f"/studies/{study}/what-if", params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def _sentence(text: str) -> str:
    found = re.search(r'class="sentence">(.*?)</p>', text, re.DOTALL)
    assert found is not None
    return found[1]


def test_what_would_follow_is_what_follows(app_client: TestClient, api: Api, study: str) -> None:
    """A pretended result gives the leader that the same result gives when it comes."""
    said = _sentence(_page(app_client, study, value="0.05", **ASK))

    _import(api, study, CELL, 0.05)
    wait_for_posterior(api, study)

    top = api.get(f"/studies/{study}/snapshots")["items"][-1]["summary"]["top"][0]
    assert f"{cell_text(top['assignments'])} would" in said
    assert percent(top["p_best"]) in said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"ask": "without", "trial": "1"}, "Without trial 1, "),
        ({"ask": "even"}, "With an even prior, "),
        (ASK | {"ask": "infeasible"}, "If learning_rate 0.1, latent_dim 8 did not work, "),
        ({}, "Nothing is stored."),
    ],
)
def test_each_question_is_answered(
    app_client: TestClient, api: Api, study: str, query: dict[str, str], said: str
) -> None:
    """A sentence, and nothing in the study changes."""
    before = api.get(f"/studies/{study}")

    text = _page(app_client, study, **query)

    assert said in _sentence(text)
    assert api.get(f"/studies/{study}") == before
    assert text.count("data:image/png") == (3 if query else 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (ASK | {"value": "much"}, "a number"),
        (ASK | {"value": "nan"}, "a finite number"),
        ({"ask": "result", "value": "1"}, "learning_rate"),
        ({"ask": "without", "trial": "x"}, "the number of a trial"),
        ({"ask": "without", "trial": "77"}, "no trial 77"),
    ],
)
def test_what_cannot_be_asked_is_said(
    app_client: TestClient, study: str, query: dict[str, str], said: str
) -> None:
    """The page comes back with the problem."""
    answer = app_client.get(f"/studies/{study}/what-if", params=query)

    assert answer.status_code == 422
    assert said in answer.text


def test_a_trial_without_a_result_taught_nothing(
    app_client: TestClient, api: Api, study: str
) -> None:
    """It cannot be left out."""
    open_trial = api.ask(study)["number"]
    query = {"ask": "without", "trial": str(open_trial)}

    answer = app_client.get(f"/studies/{study}/what-if", params=query)

    assert f"Trial {open_trial} has taught this belief nothing." in answer.text


def test_a_question_is_not_asked_again_all_the_time(app_client: TestClient, study: str) -> None:
    """The engine works for each answer: the page that shows one follows at a slower pace."""
    asked = _page(app_client, study, **ASK, value="0.1")

    assert 'data-pace="5000"' in asked
    assert "data-pace" not in _page(app_client, study)
