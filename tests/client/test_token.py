"""The client on a service that asks for tokens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from beliefgrid_client import Client, NotAllowedError
from tests.support.server import running_server


def test_a_worker_needs_no_more_than_the_scope_work(sqlite_url: str, tmp_path: Path) -> None:
    """The token of the how-to page is enough to work, and not enough to create or to delete."""
    boss, worker = (_token(sqlite_url, scope) for scope in ("write", "work"))
    with running_server(tmp_path, sqlite_url, BELIEFGRID_AUTH="on") as server:
        Client(server.url, boss).create("s", parameters={"x": [1, 2, 3]})
        client = Client(server.url, worker)

        summary = client.study("s").run(lambda x: 2.0 * x)

        assert summary.completed == 3
        assert client.study("s").best().assignments == {"x": 1}
        with pytest.raises(NotAllowedError):
            client.create("t", parameters={"x": [1]})
        with pytest.raises(NotAllowedError):
            Client(server.url).study("s")


def _token(database_url: str, scope: str) -> str:
    command = ["-m", "beliefgrid.cli", "token", "create", "--name", scope, "--scope", scope]
    environment = os.environ | {"BELIEFGRID_DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, *command], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.split()[-1]
