"""A service that is told to stop finishes what it has begun, and begins nothing new."""

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from beliefgrid.actions import read
from beliefgrid.main import create_app
from beliefgrid.offline import Offline
from beliefgrid.settings import Settings
from tests.api.support import STUDY
from tests.operation.conftest import BASE_URL
from tests.support.server import Server


def create(server: Server) -> str:
    """Create a study; its id."""
    return str(httpx2.post(f"{server.url}/api/v1/studies", json=STUDY, timeout=20).json()["id"])


def ask(server: Server, study: str, **body: Any) -> httpx2.Response:
    """Ask for trials."""
    url = f"{server.url}/api/v1/studies/{study}/suggestions"
    return httpx2.post(url, json=body, timeout=60)


def test_an_ask_that_waits_is_answered_at_once(server: Server) -> None:
    """503 `shutting_down` with a time to come back, and the process ends well."""
    study = create(server)
    assert ask(server, study, count=9).status_code == 201
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, server, study, wait_seconds=60)
        time.sleep(1)  # it has to be waiting in the other process
        server.process.send_signal(signal.SIGTERM)
        answer = waiting.result(timeout=20)

    assert answer.status_code == 503
    assert answer.json()["code"] == "shutting_down"
    assert answer.headers["retry-after"] == "2"
    assert server.process.wait(timeout=20) == 0


def test_a_request_that_has_begun_is_finished(server: Server) -> None:
    """A body that is still coming when the signal does."""
    study = create(server)
    number = ask(server, study).json()["trials"][0]["number"]
    place = urlsplit(server.url)
    body = b'{"value": 0.25}'
    head = (
        f"POST /api/v1/studies/{study}/trials/{number}/observation HTTP/1.1\r\n"
        f"Host: {place.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with closing(socket.create_connection((place.hostname, place.port), 20)) as connection:
        connection.sendall(head.encode() + body[:5])
        time.sleep(0.5)  # the other process has to have read it
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(body[5:])
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(timeout=20) == 0


def test_what_was_acknowledged_while_it_ended_is_there(server: Server, sqlite_url: str) -> None:
    """Results that come as fast as they can, until the door is shut."""
    study = create(server)
    url = f"{server.url}/api/v1/studies/{study}/trials"
    acknowledged: list[int] = []

    def tell() -> None:
        with httpx2.Client(timeout=20) as client:
            while True:
                value = len(acknowledged)
                body = {
                    "assignments": {"learning_rate": 0.1, "latent_dim": 8},
                    "observation": {"value": value},
                }
                try:
                    answer = client.post(url, json=body)
                except httpx2.TransportError:
                    return
                if answer.status_code != 201:
                    return
                acknowledged.append(answer.json()["number"])

    teller = threading.Thread(target=tell)
    teller.start()
    while len(acknowledged) < 10:
        time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=20) == 0
    teller.join()
    work = Offline(sqlite_url)
    kept = {row.number for row in work.read(read.trials, study, limit=1000).items}
    work.close()

    assert set(acknowledged) <= kept


@pytest.mark.parametrize(("least", "status"), [(0, 200), (1024**5, 503)])
def test_a_disk_that_is_nearly_full_is_not_ready(sqlite_url: str, least: int, status: int) -> None:
    """Before writes fail, the load balancer knows; the process stays alive."""
    settings = Settings(database_url=sqlite_url, updates="off", least_free_bytes=least)
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        ready = client.get("/readyz")
        alive = client.get("/healthz")

    assert ready.status_code == status
    assert ("free" in ready.json().get("reason", "")) is (status == 503)
    assert alive.status_code == 200


def test_a_service_without_its_jobs_is_not_ready(sqlite_url: str) -> None:
    """Leases would never expire, and posteriors never follow."""
    settings = Settings(database_url=sqlite_url, updates="off")
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        service: Any = client.app.state.service  # type: ignore[attr-defined]
        before = client.get("/readyz").status_code
        for task in service._running:
            client.portal.call(task.cancel)  # type: ignore[union-attr]
        after = client.get("/readyz")

    assert before == 200
    assert after.status_code == 503


def test_the_folder_of_the_database_is_what_is_looked_at(tmp_path: Path) -> None:
    """A SQLite file has a disk; Postgres looks after its own."""
    from sqlalchemy.engine import make_url

    from beliefgrid.storage.room import free_bytes

    free = free_bytes(make_url(f"sqlite:///{tmp_path / 'a.db'}"))

    assert free is not None
    assert free > 0
    assert free_bytes(make_url("postgresql://host/name")) is None
