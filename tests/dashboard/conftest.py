"""The real application on SQLite, with a study in it, and a count of its statements."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from starlette.testclient import TestClient

from beliefgrid.actions.service import Service
from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import Api
from tests.support import sqlite
from tests.support.waiting import wait_until

BASE_URL = "http://127.0.0.1:8000"
THREE_AXES = [
    {"name": "rate", "kind": "ordered", "values": [0.1, 0.001, 0.01], "scale": "log"},
    {"name": "size", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
    {"name": "act", "kind": "categorical", "values": ["relu", "tanh"]},
]


@dataclass(frozen=True, slots=True)
class Filled:
    """A study with results, a failure and an open trial."""

    id: str
    open_trial: int
    sentence: str


@pytest.fixture(scope="module")
def app_client(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of the real application."""
    url = sqlite.copy_template(sqlite_template, tmp_path_factory.mktemp("dashboard"))
    app = create_app(Settings(database_url=url))
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def api(app_client: TestClient) -> Api:
    """A few verbs of the REST API."""
    return Api(app_client)


@pytest.fixture(scope="module")
def filled(api: Api) -> Filled:
    """A study in which everything has happened once."""
    study = api.study(name="a <b>filled</b> study", parameters=THREE_AXES, budget={"trials": 12})
    for rate, value in ((0.01, 0.15), (0.1, 0.2), (0.001, 0.3)):
        assignments = {"rate": rate, "size": 16, "act": "relu"}
        body = {"assignments": assignments, "observation": {"value": value}}
        api.post(f"/studies/{study}/trials", body)
    lost = api.ask(study, worker="gpu-1")["number"]
    api.post(f"/studies/{study}/trials/{lost}/failure", {"kind": "failed", "reason": "=cmd()"})
    trial = api.ask(study, worker="gpu-2")
    wait_for_posterior(api, study)
    return Filled(study, trial["number"], trial["explanation"]["sentence"])


def wait_for_posterior(api: Api, study: str) -> None:
    """Wait until the newest snapshot has seen every result."""

    def is_there() -> bool:
        results = api.get(f"/studies/{study}")["observations"]
        snapshots = api.get(f"/studies/{study}/snapshots")["items"]
        return bool(snapshots) and snapshots[-1]["n_observations"] == results

    wait_until(is_there)


def service_of(client: TestClient) -> Service:
    """Return the service behind a client's app; the client knows it as any ASGI app."""
    app = client.app
    assert isinstance(app, FastAPI)
    service: Service = app.state.service
    return service


@contextmanager
def counted_statements(client: TestClient) -> Iterator[list[str]]:
    """Collect the queries that a block sends to the database."""
    engine = service_of(client).database.engine
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    with ExitStack() as cleaning:
        event.listen(engine, "before_cursor_execute", note)
        cleaning.callback(event.remove, engine, "before_cursor_execute", note)
        yield seen
