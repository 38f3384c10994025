"""An application that asks for tokens, and a token of every kind."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from beliefgrid.actions import create, tokens
from beliefgrid.actions.clock import utc_now
from beliefgrid.main import create_app
from beliefgrid.offline import Offline
from beliefgrid.settings import Settings
from tests.api.support import STUDY
from tests.support import sqlite

BASE_URL = "http://127.0.0.1:8000"
LONG_AGO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A client of an application that asks for tokens, a study in it, and tokens."""

    client: TestClient
    url: str
    study: str
    tokens: dict[str, str] = field(repr=False)

    def send(self, method: str, path: str, token: str | None, **how: Any) -> Any:
        """Send a request with one of the tokens, or none."""
        headers = dict(how.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {self.tokens[token]}"
        self.client.cookies.clear()
        return self.client.request(method, path, headers=headers, follow_redirects=False, **how)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    """The real application with auth on, on each kind of database."""
    with ExitStack() as running:
        if request.param == "sqlite":
            template = request.getfixturevalue("sqlite_template")
            url = sqlite.copy_template(template, tmp_path_factory.mktemp("guarded"))
        else:
            cluster = request.getfixturevalue("postgres_cluster")
            url = running.enter_context(cluster.database())
        study, secrets = _furnish(url)
        settings = Settings(
            database_url=url, auth="on", updates="off", wrong_tokens=10_000, secret_key="k" * 32
        )
        client = TestClient(create_app(settings), base_url=BASE_URL, raise_server_exceptions=False)
        yield Guarded(running.enter_context(client), url, study, secrets)


def _furnish(url: str) -> tuple[str, dict[str, str]]:
    work = Offline(url)
    definition = {name: STUDY[name] for name in ("parameters", "metrics")}
    own, other = (
        work.write(create.create_study, definition=definition, name=name).id
        for name in ("own", "other")
    )

    def token(name: str, scope: str, **more: Any) -> str:
        secret: str = work.write(tokens.create_token, name=name, scopes=[scope], **more)[0]
        return secret

    found = {scope: token(scope, scope) for scope in tokens.SCOPES}
    found |= {f"own_{scope}": token(f"own {scope}", scope, study_id=own) for scope in tokens.SCOPES}
    found["foreign"] = token("foreign", "admin", study_id=other)
    found["expired"] = token("expired", "admin", expires_at=utc_now() - LONG_AGO)
    found["revoked"] = token("revoked", "admin")
    work.write(tokens.revoke_token, found["revoked"].split("_")[1])
    found["nonsense"] = "bg_00000000_nonsense"
    work.close()
    return own, found
