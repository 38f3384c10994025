"""The processes that the demo starts and ends: the service and its workers."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from beliefgrid_client.transport import NO_ANSWER, Request, UrllibTransport

START_S = 30.0
GIVE_BACK = signal.SIGUSR1  # to a worker
ENDINGS = ((signal.SIGTERM, 10.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
WORKER_ENDINGS = ((signal.SIGTERM, 10.0), (GIVE_BACK, 10.0), (signal.SIGKILL, 5.0))
LAST_WORDS_S = 5.0
HOST = "127.0.0.1"


class ServiceError(RuntimeError):
    """The service did not start, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Service:
    """A `beliefgrid serve` of our own."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise ServiceError if it ended by itself."""
        if self.process.poll() is not None:
            raise ServiceError(f"the service ended by itself; its last words:\n{_tail(self.log)}")

    def end(self) -> None:
        """Ask it to end; what it acknowledged is on disk already."""
        _end([self.process], ENDINGS)
        if self.process.stdin is not None:
            self.process.stdin.close()


def start_service(folder: Path, port: int) -> Service:
    """Start the service on a database in a folder, and wait until it answers.

    Raises:
        ServiceError: it does not start; the message has its last words.
    """
    port = port if port and _is_free(port) else _free_port()
    url, log = f"http://{HOST}:{port}", folder / "service.log"
    ours = {name: value for name, value in os.environ.items() if "BELIEFGRID_" not in name}
    database = f"sqlite:///{(folder / 'beliefgrid.db').resolve()}"
    environment = ours | {"BELIEFGRID_DATABASE_URL": database, "BELIEFGRID_HOST": HOST}
    command = [sys.executable, "-m", "beliefgrid.demo.guard", "serve", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=environment,
            stdin=subprocess.PIPE,  # held until this process ends: the guard ends with it
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the demo, which ends it last
        )
    service = Service(url, process, log)
    try:
        _wait_for(service)
    except BaseException:  # Ctrl-C included
        service.end()
        raise
    return service


def _wait_for(service: Service) -> None:
    deadline = time.monotonic() + START_S
    while not is_ready(service.url):
        service.check()
        if time.monotonic() > deadline:
            said = _tail(service.log)
            raise ServiceError(f"the service is not ready after {START_S:g} s:\n{said}")
        time.sleep(0.05)


def is_ready(url: str) -> bool:
    """Return whether a service says that it can work."""
    try:
        request = Request("GET", f"{url}/readyz", {}, None, 5.0)
        return UrllibTransport().send(request).is_success
    except NO_ANSWER:
        return False


@dataclass
class Workers:
    """Worker processes, and a queue of what they say."""

    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    said: "queue.SimpleQueue[dict[str, Any]]" = field(default_factory=queue.SimpleQueue)
    listeners: list[threading.Thread] = field(default_factory=list)

    def start(self, name: str, options: Sequence[str], log: Path) -> None:
        """Start one more worker."""
        command = [sys.executable, "-m", "beliefgrid.demo.worker", "--name", name, *options]
        with log.open("ab") as err:
            process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
        self.processes.append(process)
        listener = threading.Thread(target=self._listen, args=(process.stdout,), daemon=True)
        self.listeners.append(listener)
        listener.start()

    def is_working(self) -> bool:
        """Return whether any of them is still there."""
        return any(process.poll() is None for process in self.processes)

    def have_failed(self) -> bool:
        """Return whether any of them ended in error."""
        return any(process.poll() for process in self.processes)

    def hear_out(self) -> None:
        """Wait until the last words of those that ended are in the queue."""
        for listener in self.listeners:
            listener.join(LAST_WORDS_S)

    def leave(self) -> None:
        """Ask them to end after the trial at hand."""
        self._tell(signal.SIGTERM)

    def give_back(self) -> None:
        """Ask them to give the trial at hand back, and to end."""
        self._tell(GIVE_BACK)

    def _tell(self, what: signal.Signals) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(what)

    def end(self) -> None:
        """Make sure that none is left."""
        _end(self.processes, WORKER_ENDINGS)

    def _listen(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self.said.put(json.loads(line))


def _end(
    processes: Sequence["subprocess.Popen[Any]"],
    endings: Sequence[tuple[signal.Signals, float]],
) -> None:
    """End processes: politely, then by making them give up what they hold, then at once."""
    for how, patience_s in endings:
        left = [process for process in processes if process.poll() is None]
        for process in left:
            process.send_signal(how)
        deadline = time.monotonic() + patience_s
        while any(process.poll() is None for process in left) and time.monotonic() < deadline:
            time.sleep(0.02)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
