"""Webhooks over HTTP: for admins, with a secret that is shown once."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from beliefgrid.storage.backup import back_up
from tests.api.support import Api
from tests.operation.conftest import BASE_URL

URL = "https://ci.example.org/hook"


@pytest.fixture
def api(sqlite_url: str) -> Iterator[Api]:
    """A few verbs of an application without an updater."""
    settings = Settings(database_url=sqlite_url, updates="off")
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        yield Api(client)


def test_a_webhook_is_made_listed_and_removed(api: Api) -> None:
    """The secret is in the first answer and nowhere else."""
    study = api.study()
    made = api.post("/webhooks", {"url": URL, "kinds": ["trial_completed"], "study": study})
    listed = api.get("/webhooks")["items"]
    removed = api.client.delete(f"/api/v1/webhooks/{made['id']}").status_code

    assert made["secret"].startswith("whsec_")
    assert [(one["id"], one["url"], one["study_id"]) for one in listed] == [
        (made["id"], URL, study)
    ]
    assert made["secret"] not in str(listed)
    assert removed == 204
    assert api.get("/webhooks")["items"] == []
    api.problem("DELETE", f"/webhooks/{made['id']}", 404, "webhook_unknown")


def test_a_webhook_that_is_made_twice_with_one_key_is_one(api: Api) -> None:
    """The repeat gives the same secret, which the stored answer does not hold."""
    first, again = (
        api.post("/webhooks", {"url": URL}, **{"Idempotency-Key": "once"}) for _ in range(2)
    )

    assert again == first
    assert len(api.get("/webhooks")["items"]) == 1


def test_the_database_holds_no_secret_of_a_webhook(sqlite_url: str) -> None:
    """Nor does a backup: the key that it follows from is in a file that only its owner reads."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    settings = Settings(database_url=sqlite_url, updates="off")
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        secret = Api(client).post("/webhooks", {"url": URL}, **{"Idempotency-Key": "k"})["secret"]
        back_up(sqlite_url, path.with_name("copy.db"))

    key = path.with_name(f"{path.name}.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    plain = secret.removeprefix("whsec_").encode()
    for file in (path, path.with_name("copy.db")):
        assert plain not in file.read_bytes()
        assert key.read_bytes().strip() not in file.read_bytes()


def test_postgres_needs_a_key_for_webhooks(postgres_url: str) -> None:
    """Its servers cannot share a file; with the key that they are given they agree."""
    secrets = []
    for secret_key in ("", "k" * 32, "k" * 32):
        settings = Settings(database_url=postgres_url, updates="off", secret_key=secret_key)
        with TestClient(create_app(settings), base_url=BASE_URL) as client:
            api, body = Api(client), {"url": URL}
            if not secret_key:
                api.problem("POST", "/webhooks", 403, "secret_key_missing", json=body)
                continue
            made = api.post("/webhooks", body, **{"Idempotency-Key": "k"})
            secrets.append(made["secret"])

    assert len(set(secrets)) == 1


@pytest.mark.parametrize("url", ["http://ci.example.org/", "https://127.0.0.1/", "https://a b/"])
def test_an_address_that_is_not_public_is_refused(api: Api, url: str) -> None:
    """Before anything is stored."""
    api.problem("POST", "/webhooks", 422, "webhook_url_invalid", json={"url": url})

    assert api.get("/webhooks")["items"] == []


def test_a_webhook_for_no_study_is_refused(api: Api) -> None:
    """The study must be there."""
    api.problem("POST", "/webhooks", 404, "study_unknown", json={"url": URL, "study": "st_gone"})


def test_webhooks_can_be_switched_off(sqlite_url: str) -> None:
    """Then none can be made."""
    settings = Settings(database_url=sqlite_url, updates="off", webhooks="off")
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        Api(client).problem("POST", "/webhooks", 403, "webhooks_off", json={"url": URL})
