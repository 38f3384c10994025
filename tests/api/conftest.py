"""One application for each kind of database; each test makes studies of its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import Api
from tests.support import sqlite

BASE_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A client of the real application, with its updater, on each kind of database."""
    with ExitStack() as running:
        if request.param == "sqlite":
            template = request.getfixturevalue("sqlite_template")
            url = sqlite.copy_template(template, tmp_path_factory.mktemp("api"))
        else:
            cluster = request.getfixturevalue("postgres_cluster")
            url = running.enter_context(cluster.database())
        app = create_app(Settings(database_url=url, secret_key="k" * 32))
        yield running.enter_context(
            TestClient(app, base_url=BASE_URL, raise_server_exceptions=False)
        )


@pytest.fixture
def api(client: TestClient) -> Api:
    """A few verbs of the REST API."""
    return Api(client)
