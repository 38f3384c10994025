"""A real server in a process of its own, on a free port of this machine."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import wait_until

START_S, END_S = 120.0, 60.0  # on a machine that is busy with everything else


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it without a chance to tidy up, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)


@contextmanager
def running_server(
    folder: Path,
    database_url: str,
    *,
    port: int | None = None,
    until: str = "/readyz",
    **variables: str,
) -> Iterator[Server]:
    """Serve a migrated database until the block ends; more settings as BELIEFGRID_ variables.

    The block begins when the path `until` answers 200.
    """
    port = port or free_port()
    log = folder / f"server-{port}.log"
    ours = {name: value for name, value in os.environ.items() if "BELIEFGRID_" not in name}
    environment = ours | {"BELIEFGRID_DATABASE_URL": database_url} | variables
    command = [sys.executable, "-m", "beliefgrid.cli", "serve", "--port", str(port)]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        ready = lambda: is_well(server.url, until)
        wait_until(ready, process=process, log=log, patience_s=START_S)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=END_S)


def is_well(url: str, path: str = "/readyz") -> bool:
    """Return whether a server says that it can work."""
    # Nothing heavier: it is asked all the time while a server starts on the same two cores.
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
