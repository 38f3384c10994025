"""One application that several tests watch, with auth on, and tokens for it."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from beliefgrid.actions import tokens
from beliefgrid.main import create_app
from beliefgrid.offline import Offline
from beliefgrid.settings import Settings
from tests.api.support import Api
from tests.operation.receiving import Receiver, listening
from tests.support.clock import Clock

BASE_URL = "http://127.0.0.1:8000"


@pytest.fixture
def client(settings: Settings, clock: Clock) -> Iterator[TestClient]:
    """A client of an application of its own, on a fresh database of each kind."""
    app = create_app(settings, clock=clock)
    with TestClient(app, base_url=BASE_URL, raise_server_exceptions=False) as running:
        yield running


@pytest.fixture
def api(client: TestClient) -> Api:
    """A few verbs of the REST API."""
    return Api(client)


def make_token(database_url: str, scope: str, **more: object) -> str:
    """Make a token in a database that nobody serves yet; its secret."""
    work = Offline(database_url)
    secret: str = work.write(tokens.create_token, name=scope, scopes=[scope], **more)[0]
    work.close()
    return secret


@pytest.fixture
def receiver() -> Receiver:
    """A receiver that takes everything."""
    return Receiver()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    """Its address."""
    with listening(receiver) as address:
        yield address
