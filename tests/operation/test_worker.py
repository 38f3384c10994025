"""A process that only computes posteriors tells how it is, if it is given a port."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app, create_worker_app
from beliefgrid.settings import Settings
from tests.api.support import Api
from tests.operation.conftest import BASE_URL, make_token
from tests.operation.test_metrics import samples
from tests.support.server import free_port, is_well
from tests.support.waiting import wait_until


@pytest.fixture
def web(postgres_url: str) -> Settings:
    """The settings of a replica that leaves updates to workers."""
    return Settings(database_url=postgres_url, updates="off")


def test_a_worker_counts_its_updates(web: Settings) -> None:
    """They happen in its process, so its numbers are where they are seen; it has no API."""
    with (
        TestClient(create_app(web), base_url=BASE_URL) as replica,
        TestClient(create_worker_app(web), base_url=BASE_URL) as worker,
    ):
        study = Api(replica).study()
        number = Api(replica).ask(study)["number"]
        Api(replica).tell(study, number, 0.5)
        wait_until(lambda: samples(worker)["beliefgrid_studies_behind"] == 0)
        ours, theirs = samples(worker), samples(replica)
        ready = worker.get("/readyz").status_code
        api = worker.get("/api/v1/studies").status_code

    assert ours["beliefgrid_update_seconds_count"] >= 1
    assert theirs["beliefgrid_update_seconds_count"] == 0
    assert (ready, api) == (200, 404)


def test_a_worker_needs_no_token_to_start_and_tells_nobody_without_one(postgres_url: str) -> None:
    """It may be there before the first token is."""
    settings = Settings(database_url=postgres_url, auth="on")
    with TestClient(create_worker_app(settings), base_url=BASE_URL) as worker:
        ready, numbers = worker.get("/readyz").status_code, worker.get("/metrics").status_code
        token = make_token(postgres_url, "read")
        shown = worker.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code

    assert (ready, numbers, shown) == (200, 401, 200)


def test_the_command_takes_a_port(postgres_url: str, tmp_path: Path) -> None:
    """`beliefgrid worker --port` answers, and ends when it is told to."""
    port = free_port()
    environment = os.environ | {"BELIEFGRID_DATABASE_URL": postgres_url}
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "beliefgrid.cli", "worker", "--port", str(port)]
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_well(url), process=process, log=log)
        numbers = httpx2.get(f"{url}/metrics", timeout=20)
    finally:
        process.terminate()
        code = process.wait(timeout=20)

    assert numbers.status_code == 200
    assert code == 0
