"""The grid is edited on a page; what is shown of older moments is theirs."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.support import Api
from tests.dashboard.conftest import wait_for_posterior
from tests.dashboard.test_changes import Forms
from tests.support.waiting import wait_until

PARAMETERS: list[dict[str, Any]] = [
    {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
    {"name": "act", "kind": "categorical", "values": ["relu", "a, b"]},
]


@pytest.fixture
def forms(app_client: TestClient) -> Forms:
    """A browser without scripts."""
    return Forms(app_client)


@pytest.fixture
def study(api: Api) -> str:
    """A study whose best cell is at the border."""
    made = api.study(parameters=PARAMETERS)
    for i, rate in enumerate((0.001, 0.01, 0.1)):
        for act in ("relu", "a, b"):
            where = {"rate": rate, "act": act}
            body = {"assignments": where, "observation": {"value": 3.0 - i}}
            api.post(f"/studies/{made}/trials", body)
    wait_for_posterior(api, made)
    return made


def test_levels_are_edited_and_taken_back(forms: Forms, api: Api, study: str) -> None:
    """The page says how many cells there are, and one button is the reverse edit."""
    path = f"/studies/{study}/settings"
    before = api.get(f"/studies/{study}")
    sent = {"levels.0": "0.001, 0.003, 0.1", "levels.1": 'relu, "a, b", gelu'}

    status, _, location = forms.send(path, wish="levels", version=str(before["version"]), **sent)

    assert status == 303
    changed = api.get(f"/studies/{study}")
    assert [p["values"] for p in changed["parameters"]] == [
        [0.001, 0.003, 0.1], ["relu", "a, b", "gelu"],
    ]  # fmt: skip
    assert changed["observations"] == 6
    text = forms.client.get(location).text
    assert "The grid has 9 cells now" in text
    again = forms.send(path, wish="levels", version=str(before["version"]), **sent)
    assert (again[0], "read it again" in again[1]) == (422, True)

    forms.send(path, wish="restore_levels", revision=str(before["revision"]))

    assert api.get(f"/studies/{study}")["parameters"] == before["parameters"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"wish": "levels", "levels.0": "0.1, many"}, "The levels of rate are numbers"),
        ({"wish": "levels", "levels.0": " , "}, "at least one"),
        ({"wish": "levels", "levels.0": "-1, 1"}, "log"),
        ({"wish": "add_level", "name": "nobody", "level": "1"}, "cannot be added"),
        ({"wish": "add_level", "name": "rate", "level": "0.1"}, "cannot be added"),
        ({"wish": "restore_levels", "revision": "99"}, "no such revision"),
        ({"wish": "restore_levels", "revision": "x"}, "whole number"),
    ],
)
def test_an_edit_that_cannot_be_is_said(
    forms: Forms, api: Api, study: str, fields: dict[str, str], says: str
) -> None:
    """Nothing changes."""
    status, text, _ = forms.send(f"/studies/{study}/settings", **fields)

    assert (status, says in text) == (422, True)
    assert api.get(f"/studies/{study}")["revision"] == 1


def test_one_click_adds_the_level_beyond_the_border(forms: Forms, api: Api, study: str) -> None:
    """The Overview offers it; a study that had tested everything goes on."""
    assert api.get(f"/studies/{study}")["state"] == "exhausted"
    text = forms.client.get(f"/studies/{study}").text
    assert "Add rate 1" in text

    forms.send(f"/studies/{study}/settings", wish="add_level", name="rate", level="1")

    changed = api.get(f"/studies/{study}")
    assert changed["parameters"][0]["values"] == [0.001, 0.01, 0.1, 1]
    assert changed["state"] == "active"


def test_a_combination_is_excluded_and_searched_again(forms: Forms, api: Api, study: str) -> None:
    """By a form; the rule is listed, and each way is a revision with a way back."""
    path = f"/studies/{study}/settings"
    status, _, where = forms.send(path, wish="exclude", **{"fix.rate": "0.1", "fix.act": "relu"})
    text = forms.client.get(path).text

    assert (status, "before=1" in where) == (303, True)
    assert api.get(f"/studies/{study}")["constraints"] == {"forbid": [{"rate": 0.1, "act": "relu"}]}
    assert "rate 0.1, act relu" in text
    assert "Excluded: 1 cell" in text
    assert "1 combination is not searched." in forms.client.get(f"/studies/{study}/posterior").text
    forms.send(path, allow="0")
    assert api.get(f"/studies/{study}")["constraints"] is None
    forms.send(path, wish="restore_levels", revision="2")
    assert api.get(f"/studies/{study}")["n_cells"] == 5
    wrong = {"wish": "exclude", "fix.rate": "0.7"}
    for fields, says in (
        ({"wish": "exclude"}, "at least one"),
        (wrong, "no level rate 0.7"),
        ({"allow": "7"}, "no such rule"),
    ):
        status, text, _ = forms.send(path, **fields)
        assert (status, says in text) == (422, True)


def test_moments_before_the_edit_show_the_grid_of_then(forms: Forms, api: Api, study: str) -> None:
    """Words, map and marks are of that grid; frames are drawn over the grid that is asked for."""
    old = api.get(f"/studies/{study}/snapshots")["items"][-1]
    fields = {"levels.0": "0.001, 0.1, 1"}
    forms.send(f"/studies/{study}/settings", wish="levels", **fields)
    client, path = forms.client, f"/studies/{study}"
    wait_for_grid(api, study)

    page = client.get(f"{path}/posterior?at={old['seq']}").text
    assert "from before the grid was edited" in page
    assert "0.01" in client.get(f"{path}/posterior?at={old['seq']}&part=map_table").text
    assert "from before the grid was edited" not in client.get(f"{path}/posterior").text
    then = client.get(f"{path}/charts/marks?at={old['seq']}").json()
    assert sorted(then["tested"]["squares"]) == [0, 1, 2, 3, 4, 5]
    assert then["parameters"][0]["values"] == [0.001, 0.01, 0.1]
    now = client.get(f"{path}/charts/marks").json()
    assert (sorted(now["tested"]["squares"]), now["parameters"]) == ([0, 1, 3, 4], None)
    moments = client.get(f"{path}/charts/moments").json()["items"]
    assert {m["best"] for m in moments if m["seq"] == old["seq"]} <= {2, 3}
    window = f"x=rate&y=act&first={old['seq']}&last={moments[-1]['seq']}"
    frames = client.get(f"{path}/charts/frames?{window}&revision=2").content
    then, now = frames[:6], frames[-6:]
    assert (then[2], then[5]) == (0, 0), "the level 1 was not there"
    assert then[1] > then[0]
    assert now[2] > 0
    assert len(client.get(f"{path}/charts/frames?{window}&revision=1").content) == len(frames)


def wait_for_grid(api: Api, study: str) -> None:
    """Wait until the newest snapshot is of the newest grid."""

    def is_there() -> bool:
        revision = api.get(f"/studies/{study}")["revision"]
        return bool(api.get(f"/studies/{study}/snapshots")["items"][-1]["revision"] == revision)

    wait_until(is_there)
