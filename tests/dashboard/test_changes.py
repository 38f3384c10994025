"""What a person does in a form, without a script, is done once and said."""

import json
import re

import pytest
from starlette.testclient import TestClient

from tests.api.support import STUDY, Api

FORM = {
    "name": "by form",
    "p0.name": "rate",
    "p0.values": "0.001, 0.01, 0.1",
    "p0.kind": "log",
    "p1.name": "act",
    "p1.values": "relu, tanh",
    "p1.kind": "categorical",
    "metric": "mse",
    "goal": "minimize",
    "strategy": "bayes",
    "likelihood": "gp",
    "noise": "some",
    "budget": "5",
    "tags": "one, two",
}


class Forms:
    """Sends forms as a browser without scripts does."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def send(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Send a form from its page; the status, the text and where it leads."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(path).text)
        assert token is not None
        answer = self.client.post(
            path,
            data=fields | {"csrf_token": token[1]},
            headers={"Origin": "http://127.0.0.1:8000", "Accept": "text/html"},
            follow_redirects=False,
        )
        return answer.status_code, answer.text, answer.headers.get("location", "")


@pytest.fixture
def forms(app_client: TestClient) -> Forms:
    """A browser without scripts."""
    return Forms(app_client)


def test_a_study_is_made_by_a_form(forms: Forms, api: Api) -> None:
    """The form leads to the new study, which has what was typed."""
    status, _, location = forms.send("/studies/new", **FORM, wish="create", nonce="a" * 32)

    assert status == 303
    study = api.get(f"/studies/{location.rpartition('/')[2]}")
    assert study["name"] == "by form"
    assert study["tags"] == ["one", "two"]
    assert study["n_cells"] == 6


def test_a_form_that_is_sent_twice_makes_one_study(forms: Forms, api: Api) -> None:
    """A double click, or a reload, gives the same study."""
    before = len(api.get("/studies")["items"])

    first = forms.send("/studies/new", **FORM, wish="create", nonce="b" * 32)
    second = forms.send("/studies/new", **FORM, wish="create", nonce="b" * 32)

    assert first[2] == second[2]
    assert len(api.get("/studies")["items"]) == before + 1


def test_cells_are_counted_before_the_start(forms: Forms, api: Api) -> None:
    """The size of the grid and the time that it would take are shown; nothing is stored."""
    before = len(api.get("/studies")["items"])

    status, text, _ = forms.send("/studies/new", **FORM, wish="check", seconds="60")

    assert status == 200
    assert "This is a grid of 6 cells" in text
    assert "6 min 0 s for every cell, 5 min 0 s for the budget" in text
    assert 'value="0.001, 0.01, 0.1"' in text
    assert len(api.get("/studies")["items"]) == before


def test_form_and_json_become_each_other(forms: Forms) -> None:
    """The same study in either way of writing it."""
    _, as_json, _ = forms.send("/studies/new", **FORM, wish="to_json")
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", as_json, re.DOTALL)
    assert found is not None
    text = found[1].replace("&#34;", '"')
    _, as_form, _ = forms.send("/studies/new", json=text, wish="to_form")

    assert json.loads(text)["parameters"][0]["values"] == [0.001, 0.01, 0.1]
    assert 'value="0.001, 0.01, 0.1"' in as_form


def test_a_study_is_made_from_json(forms: Forms, api: Api) -> None:
    """The body of the REST request works in the form."""
    _, _, location = forms.send("/studies/new", json=json.dumps(STUDY), wish="create")

    assert api.get(f"/studies/{location.rpartition('/')[2]}")["n_cells"] == 9


def test_a_row_more(forms: Forms) -> None:
    """Without a script the form grows by a button."""
    _, text, _ = forms.send("/studies/new", **FORM, wish="more")

    assert 'name="p2.name"' in text
    assert 'value="relu, tanh"' in text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"p0.values": "0, 1", "p0.kind": "log"}, "log"),
        ({"p0.values": "1, 1"}, "twice"),
        ({"p0.values": "1 to 2 in 10000000000000"}, "levels"),
        ({"metric": ""}, "Name the metric"),
        ({"budget": "many"}, "whole number"),
        ({"seconds": "-1", "wish": "check"}, "above 0"),
        ({"rest": '{"colour": 1}'}, "colour"),
    ],
)
def test_what_cannot_be_a_study_is_said(forms: Forms, fields: dict[str, str], says: str) -> None:
    """What was wrong is on the page, with everything that was typed."""
    status, text, _ = forms.send("/studies/new", **({"wish": "create"} | FORM | fields))

    assert status == 422
    assert 'role="alert"' in text
    alert = text.partition('role="alert"')[2].partition("</p>")[0]
    assert says in alert, alert
    assert 'value="by form"' in text


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x"}', '{"parameters": 1, "metrics": 2}'])
def test_json_that_is_no_study_is_said(forms: Forms, text: str) -> None:
    """Bad JSON stays in the box, with what is wrong with it."""
    status, page, _ = forms.send("/studies/new", json=text, wish="create")

    assert status == 422
    assert 'role="alert"' in page
    assert "<textarea" in page


def test_a_study_is_paused_and_resumed(forms: Forms, api: Api) -> None:
    """A person's hand on a study: the state moves, and the page says so."""
    study = api.study()
    path = f"/studies/{study}/settings"

    forms.send(path, wish="paused")
    assert api.get(f"/studies/{study}")["state"] == "paused"
    _, text, location = forms.send(path, wish="active")

    assert location == f"{path}?saved=yes"
    assert api.get(f"/studies/{study}")["state"] == "active"
    assert not text


def test_limits_and_words_are_saved(forms: Forms, api: Api) -> None:
    """Budget, stopping rule, name, tags and notes are a person's to change."""
    study = api.study()
    path = f"/studies/{study}/settings"

    forms.send(path, wish="limit", budget="40", regret="0.01", probability="", does_stop="yes")
    version = str(api.get(f"/studies/{study}")["version"])
    forms.send(path, wish="describe", name="new", tags="a, b", notes="why", version=version)

    found = api.get(f"/studies/{study}")
    assert found["name"] == "new"
    assert found["tags"] == ["a", "b"]
    assert found["budget"] == {"trials": 40}
    assert found["stopping"]["regret"] == 0.01
    assert found["stopping"]["action"] == "stop"


@pytest.mark.parametrize(
    "fields",
    [{"wish": "limit", "budget": "many"}, {"wish": "limit", "regret": "x"}, {"wish": "nonsense"},
     {"wish": "describe", "name": "x", "version": "0"}, {"wish": "limit", "regret": "-1"}],
)  # fmt: skip
def test_a_change_that_cannot_be_is_said(forms: Forms, api: Api, fields: dict[str, str]) -> None:
    """Nothing is changed, and the page says why."""
    study = api.study()

    status, text, _ = forms.send(f"/studies/{study}/settings", **fields)

    assert status == 422
    assert 'role="alert"' in text


def test_a_deletion_can_be_taken_back(forms: Forms, api: Api, app_client: TestClient) -> None:
    """The page after a deletion has the way back."""
    study = api.study()
    path = f"/studies/{study}/settings"

    status, text, _ = forms.send(path, wish="delete")
    assert status == 200
    assert app_client.get(path).status_code == 404
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    answer = app_client.post(
        path,
        data={"wish": "restore", "csrf_token": token[1]},
        headers={"Origin": "http://127.0.0.1:8000"},
        follow_redirects=False,
    )

    assert answer.headers["location"] == f"/studies/{study}"
    assert app_client.get(path).status_code == 200


def test_a_token_is_shown_once_and_revoked(forms: Forms, app_client: TestClient) -> None:
    """The secret is on the page that made it and on no other."""
    _, text, _ = forms.send("/tokens", wish="make", name="laptop", scope="read", days="30")
    secret = re.search(r"bg_[\w-]{30,}", text)
    assert secret is not None
    listed = app_client.get("/tokens").text
    token_id = re.search(r'name="id" value="(\w+)"', listed)
    assert token_id is not None

    forms.send("/tokens", wish="revoke", id=token_id[1])

    assert secret[0] not in listed
    assert "revoked" in app_client.get("/tokens").text


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"scope": "everything"}, {"days": "-1"}, {"days": "99999"}]
)
def test_a_token_that_cannot_be_is_refused(forms: Forms, fields: dict[str, str]) -> None:
    """A token has a name, a known scope and a sensible end."""
    usual = {"wish": "make", "name": "x", "scope": "read", "days": ""}

    status, text, _ = forms.send("/tokens", **(usual | fields))

    assert status == 422
    assert 'role="alert"' in text


def test_a_form_of_another_site_changes_nothing(app_client: TestClient, api: Api) -> None:
    """Without the page's own token a form is refused."""
    study = api.study()

    answer = app_client.post(f"/studies/{study}/settings", data={"wish": "paused"})

    assert answer.status_code == 403
    assert api.get(f"/studies/{study}")["state"] == "active"


def test_a_repaired_worker_is_released(forms: Forms, api: Api, app_client: TestClient) -> None:
    """A worker that failed five times running is named, and a person lets it go on."""
    study = api.study()
    for _ in range(5):
        number = api.ask(study, worker="bad")["number"]
        api.post(f"/studies/{study}/trials/{number}/failure", {"kind": "failed", "reason": "x"})
    path = f"/studies/{study}/workers"
    assert "gets nothing more" in app_client.get(path).text

    forms.send(path, worker="bad")

    assert "gets nothing more" not in app_client.get(path).text


def test_a_trial_is_described_ended_and_tested_again(forms: Forms, api: Api) -> None:
    """A person's hand on a trial: words, a failure, the same combination once more."""
    study = api.study()
    trial = api.ask(study, worker="w")
    path = f"/studies/{study}/trials/{trial['number']}"

    forms.send(path, wish="describe", notes="odd", tags="a, b")
    forms.send(path, wish="failed", reason="fire")
    _, _, again = forms.send(path, wish="again")

    found = api.get(path)
    assert (found["notes"], found["tags"]) == ("odd", ["a", "b"])
    assert (found["state"], found["reason"]) == ("failed", "fire")
    queued = api.get(again)
    assert queued["state"] == "queued"
    assert queued["assignments"] == trial["assignments"]


def test_a_trial_is_given_back(forms: Forms, api: Api) -> None:
    """An active trial goes to the next worker."""
    study = api.study()
    number = api.ask(study, worker="w")["number"]

    forms.send(f"/studies/{study}/trials/{number}", wish="release")

    assert api.get(f"/studies/{study}/trials/{number}")["state"] == "queued"


def test_a_trial_is_deleted_and_restored(forms: Forms, api: Api, app_client: TestClient) -> None:
    """The page after a deletion has the way back."""
    study = api.study()
    number = api.ask(study, worker="w")["number"]
    path = f"/studies/{study}/trials/{number}"

    _, text, _ = forms.send(path, wish="delete")
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    assert app_client.get(path).status_code == 404
    answer = app_client.post(
        path,
        data={"wish": "restore", "csrf_token": token[1]},
        headers={"Origin": "http://127.0.0.1:8000"},
    )

    assert answer.status_code == 200
    assert app_client.get(path).status_code == 200


def test_a_wish_that_is_none_changes_nothing(forms: Forms, api: Api) -> None:
    """A form that is not ours is refused."""
    study = api.study()
    number = api.ask(study, worker="w")["number"]

    status, _, _ = forms.send(f"/studies/{study}/trials/{number}", wish="explode")

    assert status == 422
    assert api.get(f"/studies/{study}/trials/{number}")["state"] == "active"
