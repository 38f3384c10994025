"""The page of the prior: previewed, saved, taken back; shown beside the posterior."""

import json

import pytest
from starlette.testclient import TestClient

from tests.api.support import Api
from tests.dashboard.conftest import wait_for_posterior
from tests.dashboard.test_changes import Forms


@pytest.fixture
def forms(app_client: TestClient) -> Forms:
    """A browser without scripts."""
    return Forms(app_client)


@pytest.fixture
def study(api: Api) -> str:
    """A study of nine cells with one result."""
    made = api.study(name="a prior")
    cell = {"assignments": {"learning_rate": 0.01, "latent_dim": 16}, "observation": {"value": 0.2}}
    api.post(f"/studies/{made}/trials", cell)
    wait_for_posterior(api, made)
    return made


def test_a_preview_stores_nothing(forms: Forms, api: Api, study: str) -> None:
    """The page says what the prior would be; the study keeps its own."""
    status, text, _ = forms.send(
        f"/studies/{study}/prior", wish="preview", kind="axes", confidence="90", **{"w.0.2": "8"}
    )

    assert status == 200
    assert "A preview, not saved" in text
    assert "learning_rate 0.1" in text
    assert 'value="8"' in text
    assert api.get(f"/studies/{study}/prior")["prior"] is None


def test_weights_per_level_are_saved_and_taken_back(forms: Forms, api: Api, study: str) -> None:
    """What is saved is the study's prior; the page offers the way back."""
    path = f"/studies/{study}/prior"
    status, _, location = forms.send(
        path, wish="save", kind="axes", confidence="80", **{"w.0.1": "4"}
    )
    saved = api.get(path)["prior"]
    again = forms.send(path, wish="restore", revision=location.partition("before=")[2])

    assert status == 303
    assert "Take that back" in forms.client.get(location).text
    assert saved["axes"]["learning_rate"] == [1, 4, 1]
    assert saved["confidence"] == pytest.approx(0.8)
    assert again[0] == 303
    assert api.get(path)["prior"] is None


def test_a_table_is_saved(forms: Forms, api: Api, study: str) -> None:
    """Cells in no row weigh nothing."""
    path = f"/studies/{study}/prior"

    forms.send(path, wish="save", kind="table", csv="learning_rate,latent_dim,weight\n0.1,8,2")

    assert api.get(path)["prior"]["table"] == [0, 0, 0, 0, 0, 0, 2, 0, 0]


def test_a_painting_is_saved(forms: Forms, api: Api, study: str) -> None:
    """Without the engine's knowing of brushes: it is a table."""
    path = f"/studies/{study}/prior"
    painting = {
        "x": "learning_rate",
        "y": "latent_dim",
        "weights": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    }

    forms.send(path, wish="save", kind="painting", painting=json.dumps(painting))
    saved = api.get(path)["prior"]
    forms.send(path, wish="uniform")

    assert saved["table"] == [1, 4, 7, 2, 5, 8, 3, 6, 9]
    assert api.get(path)["prior"] is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "axes", "w.0.0": "much"}, "must be a number"),
        ({"kind": "axes", "w.0.0": "0", "w.0.1": "0", "w.0.2": "0"}, "learning_rate"),
        ({"kind": "painting", "painting": ""}, "paint on the map first"),
        ({"kind": "nonsense"}, "not one of ours"),
        ({"kind": "axes", "version": "0"}, "expected version"),
    ],
)
def test_what_cannot_be_saved_is_said(
    forms: Forms, study: str, fields: dict[str, str], said: str
) -> None:
    """The page comes back with the problem and what was typed."""
    status, text, _ = forms.send(f"/studies/{study}/prior", wish="save", **fields)

    assert status == 422
    assert said in text


def test_both_beliefs_and_the_change_are_shown(forms: Forms, study: str) -> None:
    """Three pictures, and the same as a table."""
    text = forms.client.get(f"/studies/{study}/prior").text

    assert text.count("data:image/png;base64") == 3
    assert "Show as table" in text
    assert "no cell was favoured. 1 result so far" in text


def test_a_conflict_is_an_alarm(forms: Forms, api: Api) -> None:
    """Good results where the prior saw nothing raise it."""
    made = api.study(
        name="wrong",
        parameters=[{"name": "x", "kind": "ordered", "values": list(range(12)), "scale": "linear"}],
        prior={"axes": {"x": [1000, 1000] + [0.001] * 10}, "confidence": 0.95},
    )
    for x in range(12):
        body = {"assignments": {"x": x}, "observation": {"value": 0.1 + (x - 9) ** 2}}
        api.post(f"/studies/{made}/trials", body)
    wait_for_posterior(api, made)

    text = forms.client.get(f"/studies/{made}/prior").text

    assert api.get(f"/studies/{made}/prior")["is_in_conflict"]
    assert "The results contradict the prior." in text
