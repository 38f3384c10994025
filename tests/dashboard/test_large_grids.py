"""Pages of a grid that is too large to be written out: each says what it can and why not more."""

import pytest
from starlette.testclient import TestClient

from tests.api.support import Api
from tests.dashboard.conftest import wait_for_posterior

PAGES = (
    "",
    "/posterior",
    "/posterior?layer=ratio",
    "/posterior?layer=mean&reduce=slice",
    "/difference",
    "/trials?fix.a=50",
    "/convergence",
    "/importance",
    "/information",
    "/calibration",
    "/strategies",
    "/prior",
    "/what-if",
    "/what-if?ask=without&trial=1",
    "/settings",
    "/charts/cell?fix.a=1&fix.b=1&fix.c=1",
    "/charts/marks",
    "/charts/moments",
    "/charts/history",
)


@pytest.fixture(scope="module")
def large(api: Api) -> str:
    """A study of eight million cells with three results."""
    axes = [
        {"name": name, "kind": "ordered", "values": list(range(200)), "scale": "linear"}
        for name in "abc"
    ]
    study = api.study(parameters=axes)
    for at in (1, 50, 100):
        body = {"assignments": dict.fromkeys("abc", at), "observation": {"value": 0.5 + at}}
        api.post(f"/studies/{study}/trials", body)
    wait_for_posterior(api, study)
    return study


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there(app_client: TestClient, large: str, path: str) -> None:
    """None fails, and none is alarmed by the size."""
    answer = app_client.get(f"/studies/{large}{path}", headers={"Accept": "text/html"})

    assert answer.status_code == 200, answer.text[:500]
    assert 'role="alert"' not in answer.text


def test_the_difference_says_why_it_is_not_there(app_client: TestClient, large: str) -> None:
    """In a sentence."""
    text = app_client.get(f"/studies/{large}/difference").text

    assert "8,000,000 cells are too many to compare cell by cell." in text
