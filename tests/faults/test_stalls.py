"""Clients that dawdle and processes that stand still hold nobody else up."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.invariants import require_whole
from tests.faults.load import Load, create
from tests.faults.patience import first_success, patience
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

IN_USE = 4  # the exit code
HEAD = "POST /api/v1/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@contextmanager
def dawdlers(url: str, *, idle: int, slow_head: int, slow_body: int) -> Iterator[None]:
    """Open connections that say nothing, half a head, or a body without an end."""
    address = urlsplit(url)
    said = [b""] * idle + [HEAD.encode()[:30]] * slow_head
    said += [f"{HEAD}Content-Length: 1000\r\n\r\n{{".encode()] * slow_body
    opened = []
    try:
        for text in said:
            one = socket.create_connection((address.hostname, address.port or 80), timeout=10)
            one.sendall(text)
            opened.append(one)
        yield
    finally:
        for one in opened:
            one.close()


def is_done(load: Load) -> bool:
    """Say whether a load has all its results."""
    return len(load.ledger.told) >= (load.limit or 0)


def test_dawdlers_hold_no_worker_up(
    sqlite_url: str, tmp_path: Path, rounds: Callable[[int, int], int], say: Callable[..., None]
) -> None:
    """Hundreds of idle and slow connections: workers get their answers as before."""
    results = rounds(200, 2000)
    rates = []
    with running_server(tmp_path, sqlite_url) as server:
        study = create(server.url)
        for crowd in (0, 1, 0):
            crowd_of = {"idle": 300 * crowd, "slow_head": 50 * crowd, "slow_body": 50 * crowd}
            load = Load([server.url], study, limit=results)
            with dawdlers(server.url, **crowd_of):
                began = time.monotonic()
                with load.running(8) as ledger:
                    wait_until(partial(is_done, load), patience_s=100)
                rates.append(len(ledger.told) / (time.monotonic() - began))
            assert not ledger.refusals, ledger.refusals[:3]
    require_whole(sqlite_url)
    alone, crowded = (rates[0] + rates[2]) / 2, rates[1]
    say(pairs_per_s_alone=f"{alone:.0f}", pairs_per_s_in_a_crowd=f"{crowded:.0f}")
    assert crowded > alone / 2


def test_a_server_that_stands_still_goes_on(
    sqlite_url: str, tmp_path: Path, say: Callable[..., None]
) -> None:
    """Stopped for three seconds and continued, it answers what came meanwhile."""
    with running_server(tmp_path, sqlite_url) as server:
        load = Load([server.url], create(server.url))
        with load.running(8) as ledger:
            first_success(ledger, time.monotonic())
            os.kill(server.process.pid, signal.SIGSTOP)
            time.sleep(3)
            os.kill(server.process.pid, signal.SIGCONT)
            took = first_success(ledger, time.monotonic())
    require_whole(sqlite_url, ledger, load.study)
    say(first_success_s=f"{took:.2f}", acknowledged=len(ledger.told), lost=0)
    assert took < patience(3)


def test_a_second_server_on_one_file_refuses(sqlite_url: str, tmp_path: Path) -> None:
    """With a sentence and an exit code of its own; the first one goes on."""
    with running_server(tmp_path, sqlite_url) as server:
        second = subprocess.run(
            [sys.executable, "-m", "beliefgrid.cli", "serve", "--port", "0",
             "--database", sqlite_url],
            capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert create(server.url)

    assert second.returncode == IN_USE, second.stderr
    assert "another beliefgrid already serves" in second.stderr
    assert "Traceback" not in second.stderr
