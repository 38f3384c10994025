"""Who may do what: every route of the API for every kind of token."""

import re
from typing import Any

import pytest

from beliefgrid.api import events
from tests.main.conftest import Guarded
from tests.support.tokens import let_a_second_pass

LEVELS = {"read": 0, "work": 1, "write": 2, "admin": 3}

# What each operation needs. A new route fails `test_every_route_is_in_the_table`.
NEEDS: dict[str, str] = {
    "create_study": "write",
    "list_studies": "read",
    "get_study": "read",
    "change_study": "write",
    "delete_study": "write",
    "restore_study": "write",
    "set_prior": "write",
    "preview_prior": "read",
    "suggest": "work",
    "list_trials": "read",
    "add_trial": "write",
    "import_observations": "write",
    "get_trial": "read",
    "explain_trial": "read",
    "describe_trial": "write",
    "delete_trial": "write",
    "restore_trial": "write",
    "heartbeat": "work",
    "measure": "work",
    "list_measurements": "read",
    "observe": "work",
    "correct_observation": "write",
    "fail": "work",
    "release": "work",
    "stop": "write",
    "get_best": "read",
    "get_stopping": "read",
    "get_posterior": "read",
    "get_importance": "read",
    "get_calibration": "read",
    "get_information": "read",
    "get_prior": "read",
    "list_snapshots": "read",
    "get_snapshot": "read",
    "compare_snapshots": "read",
    "list_workers": "read",
    "release_worker": "write",
    "stream_events": "read",
    "stream_news": "read",
    "export_study": "read",
    "import_study": "write",
    "create_token": "admin",
    "list_tokens": "admin",
    "revoke_token": "admin",
    "create_webhook": "admin",
    "list_webhooks": "admin",
    "remove_webhook": "admin",
}
REFUSED = {401, 403}
STREAMS = {"stream_events", "stream_news"}


def operations(guarded: Guarded) -> dict[str, tuple[str, str, Any]]:
    """Return method, address and body of every operation by its name."""
    document = guarded.send("GET", "/api/v1/openapi.json", "read").json()
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = None
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                name = schema.rpartition("/")[2]
                body = document["components"]["schemas"][name]["example"]
            found[operation["operationId"]] = (method, path, body)
    return found


def send(guarded: Guarded, name: str, token: str | None) -> int:
    """Do an operation with a token, on things that are not there where it would change much."""
    method, path, body = operations(guarded)[name]
    names = {"token": "ffffffff", "webhook": "ffffffff"}
    address = path.format(study=guarded.study, number=99, seq=99, **names)
    query: dict[str, Any] | None = {"a": 1, "b": 2} if name == "compare_snapshots" else None
    if name in {"delete_study", "import_study", "create_study", *STREAMS}:
        body = {} if body else None  # a shape that is refused, after the token was looked at
        query = {"after": "-1"} if name in STREAMS else query
        address = address.replace(guarded.study, "st_gone") if name == "delete_study" else address
    if name == "suggest":
        body = {"wait_seconds": 0}  # nothing computes a posterior here
    response = guarded.send(method.upper(), address, token, json=body, params=query)
    assert response.status_code < 500 or response.json()["code"] == "internal_error", response.text
    status: int = response.status_code
    return status


def test_every_route_is_in_the_table(guarded: Guarded) -> None:
    """A new route must say who may use it."""
    assert set(operations(guarded)) == set(NEEDS)


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_without_a_valid_token_nothing_is_answered(guarded: Guarded, name: str) -> None:
    """None, nonsense, expired and revoked are all 401."""
    for token in (None, "nonsense", "expired", "revoked"):
        assert send(guarded, name, token) == 401, token


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_each_scope_opens_what_it_says(guarded: Guarded, name: str) -> None:
    """Read, work, write and admin, each with what the ones before it may."""
    for scope, level in LEVELS.items():
        status = send(guarded, name, scope)
        is_enough = level >= LEVELS[NEEDS[name]]
        # What has the wrong shape is 422 for everybody who is known, whatever the scope.
        expected_refusal = not is_enough and status != 422
        assert (status == 403) is expected_refusal, (scope, status)


@pytest.mark.parametrize("name", sorted(set(NEEDS) - {"list_studies", *STREAMS}))
def test_a_token_for_one_study_opens_no_other(guarded: Guarded, name: str) -> None:
    """An admin of another study is nobody here."""
    assert send(guarded, name, "foreign") in {403, 422}


def test_a_token_for_one_study_opens_that_one(guarded: Guarded) -> None:
    """It sees its own study, in the list too, and may not make another."""
    path = f"/api/v1/studies/{guarded.study}"

    listed = guarded.send("GET", "/api/v1/studies", "own_read").json()["items"]
    body = operations(guarded)["create_study"][2]

    assert [study["id"] for study in listed] == [guarded.study]
    assert guarded.send("GET", path, "own_read").status_code == 200
    assert guarded.send("PATCH", path, "own_write", json={"notes": "n"}).status_code == 200
    assert guarded.send("POST", "/api/v1/studies", "own_admin", json=body).status_code == 403
    assert guarded.send("GET", "/api/v1/tokens", "own_admin").status_code == 403


def test_a_foreign_stream_and_list_show_nothing(guarded: Guarded) -> None:
    """The list of a token for one study has that study only."""
    path = f"/api/v1/studies/{guarded.study}"

    assert guarded.send("GET", f"{path}/events", "foreign").status_code == 403
    listed = guarded.send("GET", "/api/v1/studies", "foreign").json()["items"]
    assert guarded.study not in [study["id"] for study in listed]


def test_a_revoked_token_opens_nothing_a_second_later(guarded: Guarded) -> None:
    """A token made and revoked over HTTP."""
    made = guarded.send(
        "POST", "/api/v1/tokens", "admin", json={"name": "short", "scopes": ["read"], "days": 1}
    ).json()
    guarded.tokens["short"] = made["token"]
    before = guarded.send("GET", "/api/v1/studies", "short").status_code
    listed = guarded.send("GET", "/api/v1/tokens", "admin").json()["items"]

    revoked = guarded.send("DELETE", f"/api/v1/tokens/{made['id']}", "admin").status_code
    let_a_second_pass(guarded.client)
    after = guarded.send("GET", "/api/v1/studies", "short").status_code

    assert (before, revoked, after) == (200, 204, 401)
    assert made["token"] not in str(listed)
    assert made["id"] in [token["id"] for token in listed]


def test_pages_need_a_token_too(guarded: Guarded) -> None:
    """A person is sent to the login, a program gets a problem; another study stays closed."""
    page = {"Accept": "text/html"}
    home = guarded.send("GET", "/", None, headers=page)
    study = f"/studies/{guarded.study}"

    assert home.status_code == 303
    assert home.headers["location"] == "/login?next=/"
    assert guarded.send("GET", "/", None).status_code == 401
    assert guarded.send("GET", f"{study}/charts/history", None).status_code == 401
    assert guarded.send("GET", f"{study}/charts/history", "foreign").status_code == 403
    assert guarded.send("GET", study, "foreign", headers=page).status_code == 403
    assert guarded.send("GET", study, "own_read", headers=page).status_code == 200


def test_health_is_public(guarded: Guarded) -> None:
    """A load balancer has no token."""
    assert guarded.send("GET", "/healthz", None).status_code == 200
    assert guarded.send("GET", "/readyz", None).status_code == 200


def test_the_stream_over_all_studies_tells_what_a_token_may_read(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token for one study hears of that one only."""
    monkeypatch.setattr(events, "LONGEST_S", 0.2)
    monkeypatch.setattr(events, "PING_S", 0.05)

    def heard(token: str, *named: str) -> set[str]:
        asked = {"after": 0, "study": list(named)}
        text = guarded.send("GET", "/api/v1/events", token, params=asked).text
        return set(re.findall(r'"study": "(st_\w+)"', text))

    assert heard("own_read") == heard("own_read", guarded.study) == {guarded.study}
    assert heard("foreign", guarded.study) == set()
    assert len(heard("read")) >= 2
    assert guarded.study not in heard("foreign")
