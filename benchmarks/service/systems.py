"""What is measured: our server and the bare floor, each on a fresh database of either kind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.driving import System
from benchmarks.service.wire import Wire
from tests.support import postgres
from tests.support.server import free_port, running_server
from tests.support.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Databases:
    """A place that has as many empty databases of one kind as are wanted."""

    kind: str
    folder: Path
    new_url: Callable[[str], str]
    pid: int | None = None


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Databases]:
    """Lend databases: `sqlite` files, or those of a durable `postgres` server."""
    if kind == "sqlite":
        yield Databases(kind, folder, lambda name: f"sqlite:///{folder}/{name}.db")
        return
    with postgres.cluster(is_durable=True) as cluster, ExitStack() as lent:
        new = lambda _name: lent.enter_context(cluster.database(empty=True))
        pid = cluster.postmaster.pid if cluster.postmaster else None
        yield Databases(kind, folder, new, pid)


@contextmanager
def floor(lent: Databases) -> Iterator[System]:
    """Run the bare floor."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.service.floor:app"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    environment = os.environ | {"FLOOR_DATABASE": lent.new_url("floor")}
    process = subprocess.Popen(command, env=environment)
    try:
        at = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(at), process=process)
        yield System(f"floor, {lent.kind}", at, process.pid, database_pid=lent.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def ours(lent: Databases, name: str = "ours") -> Iterator[System]:
    """Run our server, authentication on."""
    url = lent.new_url(name)
    token = prepared(url)
    with running_server(lent.folder, url, BELIEFGRID_AUTH="on") as server:
        called = f"beliefgrid, {lent.kind}"
        yield System(called, server.url, server.process.pid, token, lent.pid)


def prepared(url: str) -> str:
    """Bring a database up to date; return a token for it."""
    environment = os.environ | {"BELIEFGRID_DATABASE_URL": url}
    command = [sys.executable, "-m", "beliefgrid.cli"]
    subprocess.run([*command, "migrate"], check=True, env=environment, capture_output=True)
    create = [*command, "token", "create", "--name", "load", "--scope", "write"]
    made = subprocess.run(create, check=True, env=environment, capture_output=True, text=True)
    return next(word for word in made.stdout.split() if word.startswith("bg_"))


def _answers(url: str) -> bool:
    try:
        Wire(url).close()
    except OSError:
        return False
    return True
