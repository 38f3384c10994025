"""Servers to be measured, each on an empty database of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and its process."""

    url: str
    pid: int


@contextmanager
def serving() -> Iterator[Server]:
    """Serve this project's service."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {"BELIEFGRID_DATABASE_URL": f"sqlite:///{folder}/pages.db"}
        command = [sys.executable, "-m", "beliefgrid.cli", "serve", "--port", str(port)]
        with running(command, folder, ready=f"{url}/readyz", environment=environment) as pid:
            yield Server(url, pid)


@contextmanager
def running(
    command: list[str], folder: str, *, ready: str, environment: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a server until it is no longer needed; its process."""
    with Path(folder, "log").open("w") as log:
        process = subprocess.Popen(
            command,
            env=os.environ | (environment or {}),
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(ready)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, timeout=2).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise TimeoutError("the server is not ready")
