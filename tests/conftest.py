"""Fixtures for all tests: a fresh database of each kind, the service on it, a real server."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from sqlalchemy.engine import make_url

from tests.support import postgres, sqlite
from tests.support.clock import Clock
from tests.support.computing import SharedCompute
from tests.support.missing import IS_CI, MISSING, lacking
from tests.support.server import Server, running_server

if TYPE_CHECKING:
    from beliefgrid.settings import Settings

BASE_URL = "http://127.0.0.1:8000"

hypothesis.settings.register_profile("here", deadline=None, derandomize=IS_CI)
hypothesis.settings.load_profile("here")

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as a shell leaves it to what it starts with &
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what we start must see a Ctrl-C


# ---------------------------------------------------------------- databases
@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return sqlite.make_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    """A real Postgres; without one its tests are skipped loudly, and fail in CI."""
    with ExitStack() as running:
        try:
            cluster = running.enter_context(postgres.cluster())
        except postgres.PostgresMissingError as missing:
            lacking("Postgres", str(missing))
        yield cluster


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    return sqlite.copy_template(sqlite_template, tmp_path)


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """A Postgres database that tests use one after the other."""
    with postgres_cluster.database() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_cluster: postgres.Cluster, shared_postgres_url: str) -> str:
    """A migrated Postgres database without any row."""
    postgres_cluster.clean(str(make_url(shared_postgres_url).database))
    return shared_postgres_url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; each test runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without any table; each test runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database(empty=True) as url:
        yield url


# ---------------------------------------------------------------- the service
@pytest.fixture
def clock() -> Clock:
    """The service's clock; `clock.advance(60)` lets a minute pass."""
    return Clock()


@pytest.fixture(scope="session")
def compute() -> Iterator[SharedCompute]:
    """The process that computes posteriors, for services under test to share."""
    shared = SharedCompute()
    yield shared
    shared.end()


@pytest.fixture
def settings(database_url: str) -> "Settings":
    """The settings of the service under test."""
    from beliefgrid.settings import Settings

    return Settings(database_url=database_url, secret_key="k" * 32)


@pytest.fixture(scope="session")
def server_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server on SQLite that all tests share."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, sqlite.copy_template(sqlite_template, folder)) as started:
        yield started.url


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path) -> Iterator[Server]:
    """A real server on an empty SQLite database of its own."""
    with running_server(tmp_path, sqlite_url) as started:
        yield started


# ---------------------------------------------------------------- the report
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested, and how to have it tested."""
    for what, cure in MISSING.items():
        terminalreporter.section(f"NOT TESTED: {what}", sep="!", red=True)
        terminalreporter.write_line(cure)
