"""Hostile values in every place of every request: never a 5xx, and both databases agree."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from tests.api.support import STUDY, Json
from tests.faults.hostile import HEADERS, PATHS, QUERIES, bodies
from tests.faults.invariants import require_whole

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

BASE_URL = "http://127.0.0.1:8000"
ENDLESS = ("events",)
TOO_MANY = 60  # places in one example


class Target:
    """One application on one kind of database, with a study to be hostile to."""

    def __init__(self, client: TestClient, url: str) -> None:
        self.client, self.url = client, url
        self.study = client.post("/api/v1/studies", json=STUDY).json()["id"]
        for worker in ("w", "v"):
            client.post(f"/api/v1/studies/{self.study}/suggestions", json={"worker": worker})
        first = f"/api/v1/studies/{self.study}/trials/1/observation"
        client.post(first, json={"value": 0.5})

    def answer(self, method: str, path: str, **how: Any) -> tuple[int, str]:
        """Send a request; return status and code."""
        response = self.client.request(method, path.replace("{study}", self.study), **how)
        is_json = "json" in response.headers.get("content-type", "")
        body = response.json() if is_json and response.content else {}
        code = body.get("code", "") if isinstance(body, dict) else ""
        return response.status_code, str(code)


@pytest.fixture
def targets(sqlite_url: str, postgres_url: str, tmp_path: Path) -> Iterator[tuple[Target, Target]]:
    """The same application on both kinds of database; no posterior moves meanwhile."""
    with ExitStack() as running:
        found = []
        for url in (sqlite_url, postgres_url):
            app = create_app(Settings(database_url=url, secret_key="k" * 32))
            client = TestClient(app, base_url=BASE_URL, raise_server_exceptions=False)
            found.append(Target(running.enter_context(client), url))
        yield found[0], found[1]
        assert tmp_path.exists()
    for target in found:
        require_whole(target.url)


def operations(client: TestClient) -> list[tuple[str, str, Json, Any]]:
    """Return method, path, description and an example of a body of every operation."""
    document = client.get("/api/v1/openapi.json").json()
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            example = None
            if body is not None:
                schema = body["content"]["application/json"]["schema"]
                name = schema.get("$ref", "").rpartition("/")[2]
                example = document["components"]["schemas"].get(name, {}).get("example")
            if not path.endswith(ENDLESS):
                found.append((method.upper(), path, operation, example))
    return found


def differences(targets: tuple[Target, Target], method: str, path: str, **how: Any) -> list[str]:
    """Return what is wrong with the answers to one request."""
    answers = [target.answer(method, path, **how) for target in targets]
    said = f"{method} {path} {how.get('content', b'')[:150]!r} {how.get('headers', '')}: {answers}"
    if any(status >= 500 for status, _ in answers) or answers[0] != answers[1]:
        return [said]
    return []


def test_hostile_bodies(targets: tuple[Target, Target]) -> None:
    """I8: each place of each example's body, with each hostile value."""
    headers = {"Content-Type": "application/json"}
    wrong, sent = [], 0
    for method, path, _, example in operations(targets[0].client):
        if example is None:
            continue
        address = path.replace("{number}", "2")
        for name, content in bodies(example):
            sent += 1
            found = differences(targets, method, address, content=content, headers=headers)
            wrong += [f"{name}: {line}" for line in found]
    assert not wrong, "\n".join(wrong[:30]) + f"\n{len(wrong)} of {sent}"
    assert sent > 1000


def test_hostile_paths_queries_and_headers(targets: tuple[Target, Target]) -> None:
    """I8: each parameter of each address, and headers, with each hostile value."""
    wrong = []
    for method, path, _, _ in operations(targets[0].client):
        plain = path.replace("{number}", "2")
        if method == "GET":
            for query in QUERIES:
                wrong += differences(targets, method, f"{plain.replace('{seq}', '1')}?{query}")
        for text in PATHS:
            for place in ("{study}", "{number}", "{seq}", "{token}"):
                if place in path:
                    address = path.replace(place, text).replace("{number}", "2")
                    wrong += differences(targets, method, address.replace("{seq}", "1"))
        for headers in HEADERS:
            encoded = {name: value.encode("latin-1") for name, value in headers.items()}
            wrong += differences(targets, method, plain.replace("{seq}", "1"), headers=encoded)
    assert not wrong, "\n".join(wrong[:30]) + f"\n{len(wrong)}"
