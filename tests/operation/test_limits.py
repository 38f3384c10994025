"""Nobody can keep the service from others: rates, slow bodies, streams."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from beliefgrid.actions import tokens
from beliefgrid.api import events
from beliefgrid.api.problems import RefusedError
from beliefgrid.main import create_app
from beliefgrid.security import identity
from beliefgrid.security.body import SLOWEST, timely
from beliefgrid.security.rates import MOST_BUCKETS, Limits
from beliefgrid.settings import Settings
from tests.api.support import STUDY
from tests.operation.conftest import BASE_URL, make_token
from tests.support.server import running_server
from tests.support.waiting import wait_until


class Ticks:
    """A clock for buckets."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@given(rate=st.integers(1, 50), pauses=st.lists(st.floats(0, 0.5, allow_nan=False), max_size=200))
def test_in_any_second_at_most_two_seconds_worth_pass(rate: int, pauses: list[float]) -> None:
    """A bucket holds one second's worth and refills at the rate, whatever the pattern."""
    ticks = Ticks()
    limits = Limits(rate, ticks)
    passed = []

    for pause in pauses:
        ticks.time += pause
        if not limits.wait_s("a"):
            passed.append(ticks.time)

    for first in passed:
        assert sum(first <= moment <= first + 1 for moment in passed) <= 2 * rate + 1


def test_one_caller_does_not_use_up_the_room_of_another() -> None:
    """Each has a bucket of its own, and what it says about the wait is true."""
    ticks = Ticks()
    limits = Limits(2, ticks)
    taken = [limits.wait_s("a") for _ in range(3)]
    other = limits.wait_s("b")
    ticks.time += taken[2]
    after = limits.wait_s("a")

    assert taken[:2] == [0, 0]
    assert taken[2] == pytest.approx(0.5)
    assert (other, after) == (0, 0)


def test_buckets_do_not_pile_up() -> None:
    """Those of callers that are quiet are forgotten."""
    ticks = Ticks()
    limits = Limits(2, ticks)
    for caller in range(MOST_BUCKETS):
        limits.wait_s(caller)
    ticks.time += 2

    limits.wait_s("one more")

    assert len(limits._buckets) == 1


@pytest.fixture
def narrow(sqlite_url: str) -> Iterator[tuple[TestClient, dict[str, dict[str, str]]]]:
    """A client of a service that allows three requests a second, and the headers of two tokens."""
    secrets = {name: make_token(sqlite_url, "read") for name in ("one", "other")}
    headers = {name: {"Authorization": f"Bearer {secret}"} for name, secret in secrets.items()}
    settings = Settings(database_url=sqlite_url, auth="on", updates="off", rate_limit=3)
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        yield client, headers


def test_too_many_requests_are_refused_with_a_time_to_wait(
    narrow: tuple[TestClient, dict[str, dict[str, str]]],
) -> None:
    """429 as a problem with Retry-After; another token and the health checks go on."""
    client, headers = narrow
    answers = [client.get("/api/v1/studies", headers=headers["one"]) for _ in range(12)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    other = client.get("/api/v1/studies", headers=headers["other"])
    health = [client.get("/healthz", headers=headers["one"]).status_code for _ in range(5)]

    assert answers[0].status_code == 200
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert 0 < refused.json()["retry_after"] <= 1
    assert other.status_code == 200
    assert health == [200] * 5


def test_wrong_tokens_are_refused_before_the_database_is_asked(
    narrow: tuple[TestClient, dict[str, dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 for whoever tries many, also in the form; who was let in before stays in."""
    client, headers = narrow
    looks = 0
    look = tokens.authenticate

    def counted(*said: Any) -> Any:
        nonlocal looks
        looks += 1
        return look(*said)

    monkeypatch.setattr(identity, "authenticate", counted)
    assert client.get("/api/v1/studies", headers=headers["one"]).status_code == 200
    wrong = [{"Authorization": f"Bearer bg_{i}"} for i in range(200)]
    answers = [client.get("/api/v1/studies", headers=header) for header in wrong]
    forms = {client.post("/login", data={"token": "bg_x"}).status_code for _ in range(60)}
    known = client.get("/api/v1/studies", headers=headers["one"])
    health = client.get("/healthz", headers=wrong[0])

    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 401
    assert len(refused) > len(wrong) / 2
    assert refused[0].json()["code"] == "rate_limited"
    assert refused[0].headers["retry-after"] == "1"
    assert looks < len(wrong) / 2
    assert 429 in forms
    assert (known.status_code, health.status_code) == (200, 200)


async def _received(chunks: list[tuple[float, bytes]], seconds: float) -> bytes:
    """Receive a body whose parts come after so many seconds each."""
    loop = asyncio.get_running_loop()
    parts = iter(chunks)
    last = len(chunks) - 1
    numbers = iter(range(len(chunks)))

    async def receive() -> Any:
        pause, part = next(parts)
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": part, "more_body": next(numbers) < last}

    read = timely(receive, seconds)
    began = loop.time()
    body: bytes = b""
    while True:
        message = await read()
        body += message["body"]
        if not message["more_body"]:
            assert loop.time() - began < 5
            return body


def test_a_body_that_trickles_is_refused() -> None:
    """A byte now and then does not keep a connection open."""
    with pytest.raises(RefusedError) as refused:
        asyncio.run(_received([(0.03, b"x")] * 50, 0.1))

    assert refused.value.status_code == 408
    assert refused.value.code == "body_too_slow"


def test_a_long_body_gets_longer() -> None:
    """A large import over a slow line arrives, if it arrives at a decent rate."""
    part = b"x" * (SLOWEST // 10)  # worth 0.1 s, and comes after 0.05 s

    body = asyncio.run(_received([(0.05, part)] * 6, 0.1))

    assert len(body) == 6 * len(part)


def test_a_slow_body_over_a_socket_is_answered_and_the_connection_ends(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A real connection that promises a body and sends half of it."""
    started = running_server(tmp_path, sqlite_url, BELIEFGRID_BODY_SECONDS="0.3")
    with started as server, closing(socket.create_connection(_place(server.url), 10)) as slow:
        slow.sendall(
            b"POST /api/v1/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
            b'Content-Type: application/json\r\n\r\n{"name":'
        )
        began = time.monotonic()
        answer = b"".join(iter(lambda: slow.recv(65536), b""))
        took = time.monotonic() - began

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == "body_too_slow"
    assert took < 5


def test_a_token_holds_only_so_many_streams(sqlite_url: str, tmp_path: Path) -> None:
    """More are 429, also when all come at once; when one is closed there is room again."""
    started = running_server(tmp_path, sqlite_url, BELIEFGRID_STREAMS_PER_TOKEN="2")  # noqa: S106 - a number
    with started as server:
        place = _place(server.url)
        study = _created(place)
        with ExitStack() as opened:
            streams = [opened.enter_context(closing(_stream(place, study))) for _ in range(5)]
            found = {stream: _status(stream) for stream in streams}
            next(stream for stream, status in found.items() if status == 200).close()
            wait_until(lambda: _is_open(place, study))  # the server sees it a moment later

    assert sorted(found.values()) == [200, 200, 429, 429, 429]


def test_a_stream_ends_by_itself_so_that_a_revoked_token_reads_on_no_longer(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader connects again where it was, and its token is looked at anew."""
    monkeypatch.setattr(events, "LONGEST_S", 0.3)
    monkeypatch.setattr(events, "PING_S", 0.05)
    settings = Settings(database_url=sqlite_url, updates="off")
    with TestClient(create_app(settings), base_url=BASE_URL) as client:
        study = client.post("/api/v1/studies", json=STUDY).json()["id"]
        answer = client.get(f"/api/v1/studies/{study}/events")

    assert answer.text.startswith("retry: 2000")
    assert "event: study_created" in answer.text
    assert ": ping" in answer.text


def _is_open(place: tuple[str, int], study: str) -> bool:
    with closing(_stream(place, study)) as stream:
        return _status(stream) == 200


def _place(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def _created(place: tuple[str, int]) -> str:
    import httpx2

    url = f"http://{place[0]}:{place[1]}/api/v1/studies"
    return str(httpx2.post(url, json=STUDY, timeout=20).json()["id"])


def _stream(place: tuple[str, int], study: str) -> socket.socket:
    connection = socket.create_connection(place, 10)
    request = f"GET /api/v1/studies/{study}/events HTTP/1.1\r\nHost: {place[0]}\r\n\r\n"
    connection.sendall(request.encode())
    return connection


def _status(connection: socket.socket) -> int:
    return int(connection.recv(4096).split(b" ", 2)[1])
