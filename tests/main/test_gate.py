"""The gate: hosts, origins, headers, sessions, forms."""

import logging

import pytest
from starlette.testclient import TestClient

from beliefgrid.dashboard.policy import CONTENT_SECURITY_POLICY
from beliefgrid.main import StartError, create_app
from beliefgrid.security.identity import COOKIE
from beliefgrid.security.login import local_path
from beliefgrid.settings import Settings
from tests.main.conftest import Guarded

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example"]
)
def test_other_host_names_are_not_answered(guarded: Guarded, host: str) -> None:
    """DNS rebinding does not reach the service, health included."""
    for path in ("/", "/healthz", "/api/v1/studies"):
        response = guarded.send("GET", path, "admin", headers={"Host": host})
        assert response.status_code == 400
        assert response.json()["code"] == "host_not_allowed"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_other_sites_change_nothing(guarded: Guarded, method: str) -> None:
    """Not even with a valid token; deletions included."""
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        response = guarded.send(
            method, f"/api/v1/studies/{guarded.study}", "admin", headers=headers, json={}
        )
        assert response.status_code == 403
        assert response.json()["code"] == "cross_site"


def test_every_answer_carries_the_headers(guarded: Guarded) -> None:
    """Pages, data and refusals alike."""
    page = guarded.send("GET", "/login", None, headers=PAGE)
    data = guarded.send("GET", "/api/v1/studies", "read")
    refusal = guarded.send("GET", "/nowhere", "read")

    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    for response in (page, data, refusal):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] in {"no-store", "private, no-cache"}
        assert response.headers["x-request-id"]


def test_a_request_keeps_the_name_that_it_came_with(guarded: Guarded) -> None:
    """A plain word is taken over, anything else is replaced."""
    kept = guarded.send("GET", "/healthz", None, headers={"X-Request-Id": "abc-1.2_3"})
    replaced = guarded.send("GET", "/healthz", None, headers={"X-Request-Id": "a b\tc"})

    assert kept.headers["x-request-id"] == "abc-1.2_3"
    assert replaced.headers["x-request-id"] != "a b\tc"


def test_a_person_signs_in_and_out(guarded: Guarded) -> None:
    """The cookie is out of reach of scripts and other sites, and dies on the server too."""
    client = guarded.client
    client.cookies.clear()
    form = {"token": guarded.tokens["read"], "next": f"/studies/{guarded.study}"}

    entered = client.post("/login", data=form, follow_redirects=False)
    cookie = entered.headers["set-cookie"]
    session = client.cookies[COOKIE]
    home = client.get("/", headers=PAGE)
    csrf = home.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    left = client.post("/logout", data={"csrf_token": csrf}, follow_redirects=False)
    client.cookies.set(COOKIE, session)
    again = client.get("/", headers=PAGE, follow_redirects=False)
    client.cookies.clear()

    assert entered.status_code == 303
    assert entered.headers["location"] == form["next"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert guarded.tokens["read"] not in cookie
    assert home.status_code == 200
    assert left.status_code == 303
    assert again.status_code == 303


@pytest.mark.parametrize("kind", ["nonsense", "expired", "revoked"])
def test_a_token_that_opens_nothing_signs_nobody_in(guarded: Guarded, kind: str) -> None:
    """The page says so, and there is no cookie."""
    guarded.client.cookies.clear()
    response = guarded.client.post("/login", data={"token": guarded.tokens[kind]})

    assert response.status_code == 403
    assert "set-cookie" not in response.headers
    assert guarded.tokens[kind] not in response.text


def test_a_session_cannot_open_another(guarded: Guarded) -> None:
    """Only a token signs in."""
    client = guarded.client
    client.cookies.clear()
    client.post("/login", data={"token": guarded.tokens["read"]}, follow_redirects=False)
    session = client.cookies[COOKIE]
    client.cookies.clear()

    assert client.post("/login", data={"token": session}).status_code == 403


def test_a_session_may_no_more_than_its_token(guarded: Guarded) -> None:
    """Signed in to read, a form that changes something is refused."""
    client = guarded.client
    client.cookies.clear()
    client.post("/login", data={"token": guarded.tokens["read"]}, follow_redirects=False)

    answer = client.delete(f"/api/v1/studies/{guarded.study}")
    client.cookies.clear()

    assert answer.status_code == 403


def test_a_form_without_its_secret_is_refused(guarded: Guarded) -> None:
    """CSRF: a form must have been loaded in the same session."""
    client = guarded.client
    client.cookies.clear()
    client.post("/login", data={"token": guarded.tokens["admin"]}, follow_redirects=False)

    bare = client.post("/logout", follow_redirects=False)
    wrong = client.post("/logout", data={"csrf_token": "x"}, follow_redirects=False)
    client.cookies.clear()

    assert bare.status_code == wrong.status_code == 403
    assert bare.json()["code"] == "form_expired"


@pytest.mark.parametrize(
    "text",
    ["//evil.example", "http://evil.example", "\\\\evil", "/\\evil", "javascript:alert(1)", "x",
     "///evil.example", "/a\nb", "http://[x", "/%0d%0aX: y\r\n"],
)  # fmt: skip
def test_after_signing_in_nobody_is_sent_elsewhere(text: str) -> None:
    """Only addresses of this service."""
    assert local_path(text) == "/"


def test_an_address_of_ours_is_kept() -> None:
    """With its query."""
    assert local_path("/studies/st_1?at=3") == "/studies/st_1?at=3"


def test_secrets_are_in_no_log(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    """Neither tokens nor query strings nor bodies."""
    with caplog.at_level(logging.DEBUG, logger="beliefgrid"):
        guarded.send("GET", "/api/v1/studies?q=hidden-words", "admin")
        guarded.client.post("/login", data={"token": guarded.tokens["admin"]})
    guarded.client.cookies.clear()
    said = " ".join(str(vars(record)) for record in caplog.records)

    assert guarded.tokens["admin"] not in said
    assert "hidden-words" not in said


def test_beyond_this_machine_nothing_starts_without_a_token(sqlite_url: str) -> None:
    """It says how to make one."""
    app = create_app(Settings(database_url=sqlite_url, host="0.0.0.0"))

    with pytest.raises(StartError, match="beliefgrid token create"), TestClient(app):
        pass


@pytest.mark.parametrize("strips", [True, False])
def test_it_works_below_a_path(sqlite_url: str, *, strips: bool) -> None:
    """Whether the proxy takes the path off or leaves it: API, pages and static files."""
    settings = Settings(database_url=sqlite_url, root_path="/grid", updates="off")
    before = "" if strips else "/grid"

    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        studies = client.get(f"{before}/api/v1/studies")
        page = client.get(f"{before}/", headers=PAGE)
        script = client.get(f"{before}/static/js/main.js")

    assert studies.status_code == 200
    assert page.status_code == 200
    assert 'href="/grid/' in page.text
    assert script.status_code == 200
