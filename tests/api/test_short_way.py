"""The short way answers as the long one does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from beliefgrid.api import short_way
from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import STUDY
from tests.support import sqlite

JSON = {"content-type": "application/json"}
VARYING = {"x-request-id", "date"}
FIELDS = {"request_id", "expires_at", "token", "updated_at", "created_at"}
FIELDS |= {"started_at", "completed_at"}

# Each is (path below the study, body, headers); together they are one worker's life.
SAID: list[tuple[str, bytes, dict[str, str]]] = [
    ("suggestions", b'{"worker": "w"}', JSON),
    ("suggestions", b'{"worker": "w"}', JSON),
    ("suggestions", b"", {}),
    ("suggestions", b'{"worker": "v", "count": 2}', JSON | {"idempotency-key": "k"}),
    ("suggestions", b'{"worker": "v", "count": 2}', JSON | {"idempotency-key": "k"}),
    ("suggestions", b'{"worker": "v", "count": 3}', JSON | {"idempotency-key": "k"}),
    ("suggestions", b'{"worker": "w"}', JSON | {"idempotency-key": "\t"}),
    ("suggestions", b'{"worker": "w"}', JSON | {"idempotency-key": "k" * 300}),
    ("suggestions", b'{"worker": "w"}', {"content-type": "text/plain"}),
    ("suggestions", b'{"worker": "w", "worker": "v"}', JSON),
    ("suggestions", b'{"worker": 3}', JSON),
    ("suggestions", b"[1", JSON),
    ("suggestions?wait=1", b'{"worker": "w"}', JSON),
    ("trials/1/observation", b'{"value": 0.5}', JSON),
    ("trials/1/observation", b'{"value": 0.5}', JSON),
    ("trials/1/observation", b'{"value": 0.25}', JSON),
    ("trials/2/observation", b'{"value": 0.5, "lease_token": "other"}', JSON),
    ("trials/2/observation", b'{"values": {"other": 1}}', JSON),
    ("trials/2/observation", b'{"value": NaN}', JSON),
    ("trials/2/observation", b'{"value": "0.5"}', JSON),
    ("trials/2/observation", b"", {}),
    ("trials/99/observation", b'{"value": 0.5}', JSON),
    ("trials/0/observation", b'{"value": 0.5}', JSON),
    ("trials/02/observation", b'{"value": 0.5}', JSON),
    ("trials/99999999999999999/observation", b'{"value": 0.5}', JSON),
    ("trials/x/observation", b'{"value": 0.5}', JSON),
]


@pytest.fixture
def ways(sqlite_template: Path, tmp_path: Path) -> Iterator[list[TestClient]]:
    """Two applications that compute nothing."""
    clients = []
    for name in ("short", "long"):
        folder = tmp_path / name
        folder.mkdir()
        url = sqlite.copy_template(sqlite_template, folder)
        app = create_app(Settings(database_url=url, updates="off"))
        clients.append(TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False))
    with clients[0], clients[1]:
        yield clients


def test_both_ways_give_the_same_answers(
    ways: list[TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a worker says, right or wrong, the answer is the same, headers included."""
    short = _life(ways[0])
    monkeypatch.setattr(short_way, "_match", lambda _scope: None)
    long = _life(ways[1])

    for said, one, other in zip(SAID, short, long, strict=True):
        assert one == other, said


def _life(client: TestClient) -> list[tuple[int, dict[str, str], Any]]:
    study = client.post("/api/v1/studies", json=STUDY).json()["id"]
    answers = [
        client.post(f"/api/v1/studies/{study}/{path}", content=body, headers=headers)
        for path, body, headers in SAID
    ]
    gone = client.post("/api/v1/studies/st_gone/suggestions", json={})
    assert gone.status_code == httpx2.codes.NOT_FOUND
    return [_told(answer, study) for answer in answers]


def _told(answer: httpx2.Response, study: str) -> tuple[int, dict[str, str], Any]:
    headers = {name: text for name, text in answer.headers.items() if name not in VARYING}
    headers.pop("content-length", None)
    return answer.status_code, headers, _without(answer.json(), study)


def _without(found: Any, study: str) -> Any:
    """Return an answer without what differs from one time to the next."""
    match found:
        case dict():
            return {k: _without(v, study) for k, v in found.items() if k not in FIELDS}
        case list():
            return [_without(one, study) for one in found]
        case str():
            return found.replace(study, "STUDY")
    return found
