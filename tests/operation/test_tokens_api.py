"""Tokens over HTTP: made once, however often the request is repeated, and seen in use."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import Api, Json
from tests.operation.conftest import BASE_URL, make_token
from tests.support.clock import Clock
from tests.support.tokens import let_a_second_pass

BODY: Json = {"name": "gpu", "scopes": ["read"]}
ONCE = {"Idempotency-Key": "once"}


@pytest.fixture
def client(database_url: str, clock: Clock) -> Iterator[TestClient]:
    """A client with an admin's token, of an application that asks for one."""
    admin = make_token(database_url, "admin")
    settings = Settings(database_url=database_url, updates="off", auth="on")
    app = create_app(settings, clock=clock)
    with TestClient(app, base_url=BASE_URL) as running:
        running.headers["Authorization"] = f"Bearer {admin}"
        yield running


@pytest.fixture
def api(client: TestClient) -> Api:
    """A few verbs of the REST API."""
    return Api(client)


def opens(api: Api, secret: str) -> bool:
    """Return whether a token opens the list of studies."""
    headers = {"Authorization": f"Bearer {secret}"}
    return api.client.get("/api/v1/studies", headers=headers).status_code == 200


def test_a_repeat_answers_the_same_token_with_a_new_secret(api: Api) -> None:
    """Exactly one secret works, the last; none is stored to be given again."""
    first, again = (api.post("/tokens", BODY, **ONCE) for _ in range(2))

    assert {**first, "token": ""} == {**again, "token": ""}
    assert not opens(api, first["token"])
    assert opens(api, again["token"])
    assert sorted(one["name"] for one in api.get("/tokens")["items"]) == ["admin", "gpu"]


def test_a_token_in_use_is_not_taken_away_by_a_repeat(api: Api) -> None:
    """409: whoever repeats has had the answer; the token goes on."""
    made = api.post("/tokens", BODY, **ONCE)
    assert opens(api, made["token"])

    api.problem("POST", "/tokens", 409, "token_settled", json=BODY, headers=ONCE)

    assert opens(api, made["token"])


def test_a_token_that_is_over_is_not_brought_back_by_a_repeat(api: Api, clock: Clock) -> None:
    """409: a secret that opens nothing would be no answer."""
    body = BODY | {"days": 0.5}
    api.post("/tokens", body, **ONCE)
    clock.advance(13 * 3600)

    api.problem("POST", "/tokens", 409, "token_settled", json=body, headers=ONCE)


def test_a_revoked_token_is_not_brought_back_by_a_repeat(api: Api) -> None:
    """409, too."""
    made = api.post("/tokens", BODY, **ONCE)
    api.client.delete(f"/api/v1/tokens/{made['id']}")

    api.problem("POST", "/tokens", 409, "token_settled", json=BODY, headers=ONCE)

    assert not opens(api, made["token"])


def test_a_key_makes_one_kind_of_token(api: Api) -> None:
    """With another body it is refused, as everywhere."""
    api.post("/tokens", BODY, **ONCE)

    other = BODY | {"scopes": ["admin"]}
    api.problem("POST", "/tokens", 422, "idempotency_key_reused", json=other, headers=ONCE)


def test_the_list_says_when_a_token_was_used(api: Api, clock: Clock) -> None:
    """To the hour: the first use, and the first one an hour later."""

    def used() -> str | None:
        listed = {one["name"]: one for one in api.get("/tokens")["items"]}
        found: str | None = listed["gpu"]["last_used_at"]
        return found

    made = api.post("/tokens", BODY)
    assert used() is None

    opens(api, made["token"])
    first = used()
    clock.advance(1800)
    let_a_second_pass(api.client)
    opens(api, made["token"])
    soon = used()
    clock.advance(1801)
    let_a_second_pass(api.client)
    opens(api, made["token"])

    assert first is not None
    assert soon == first
    assert (used() or "") > first
