"""Webhooks over HTTP: for admins, with a secret that is shown once."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
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
