"""Every page of every kind of study, young and old: none fails and none is alarmed."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.support import Api
from tests.dashboard.conftest import wait_for_posterior
from tests.dashboard.test_grid_edit import wait_for_grid

PAGES = (
    "", "/posterior", "/posterior?layer=ratio", "/posterior?layer=mean", "/posterior?layer=sd",
    "/posterior?layer=acquisition", "/posterior?layer=counts", "/posterior?layer=prior",
    "/posterior?layer=p_feasible", "/posterior?reduce=slice", "/posterior?at=1",
    "/difference", "/difference?layer=mean", "/difference?layer=sd", "/trials", "/convergence",
    "/importance", "/information", "/calibration", "/strategies", "/prior", "/what-if",
    "/what-if?ask=even", "/workers", "/api", "/settings", "/import", "/charts/marks",
    "/charts/moments", "/charts/history", "/film.gif", "/film.html",
)  # fmt: skip
ONE = [{"name": "depth", "kind": "ordered", "values": [1, 2, 3, 5], "scale": "linear"}]
CONDITIONAL: list[dict[str, Any]] = [
    {"name": "optimizer", "kind": "categorical", "values": ["adam", "sgd"]},
    {"name": "momentum", "kind": "ordered", "values": [0, 0.9], "when": {"optimizer": ["sgd"]}},
]


def _young(api: Api) -> str:
    return _told(api, 0)


def _one_parameter(api: Api) -> str:
    return _told(api, 3, parameters=ONE)


def _conditional(api: Api) -> str:
    return _told(api, 3, parameters=CONDITIONAL)


def _edited(api: Api) -> str:
    study = _told(api, 3)
    levels = [{"name": "latent_dim", "kind": "ordered", "values": [8, 16], "scale": "log"}]
    rates = api.get(f"/studies/{study}")["parameters"][:1]
    _patch(api, study, parameters=rates + levels)
    return study


def _with_a_rule(api: Api) -> str:
    study = _told(api, 3)
    _patch(api, study, constraints={"forbid": [{"learning_rate": 0.1, "latent_dim": [8, 16]}]})
    return study


def _paper(api: Api) -> str:
    return _told(api, 3, strategy={"likelihood": "inverse_loss"})


def _random(api: Api) -> str:
    return _told(api, 4, strategy={"name": "random"})


def _finished(api: Api) -> str:
    return _told(api, 4, parameters=ONE)


def _told(api: Api, n: int, **changes: Any) -> str:
    study = api.study(**changes)
    for turn in range(n):
        trial = api.ask(study, wait_seconds=20)
        api.tell(study, trial["number"], 0.5 + 0.1 * turn)
    wait_for_posterior(api, study)
    return study


def _patch(api: Api, study: str, **changes: Any) -> None:
    assert api.client.patch(f"/api/v1/studies/{study}", json=changes).is_success
    wait_for_grid(api, study)  # what lies off the grid is in no posterior


KINDS: tuple[Callable[[Api], str], ...] = (
    _young, _one_parameter, _conditional, _edited, _with_a_rule, _paper, _random, _finished
)  # fmt: skip


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__.strip("_"))
def test_every_page_is_there(app_client: TestClient, api: Api, make: Callable[[Api], str]) -> None:
    """With what it has, or a sentence that says what is missing."""
    study = make(api)

    failed: dict[str, tuple[int, str]] = {}
    for path in PAGES:
        answer = app_client.get(f"/studies/{study}{path}", headers={"Accept": "text/html"})
        if answer.status_code != 200:
            failed[path] = answer.status_code, answer.text[:300]
        elif 'role="alert"' in answer.text:
            failed[path] = 200, answer.text[answer.text.index('role="alert"') :][:200]

    assert not failed
