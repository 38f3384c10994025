"""The server is killed with -9 under load, again and again: no promise is broken."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.invariants import require_whole
from tests.faults.load import Load, create
from tests.faults.patience import first_success, patience
from tests.support.server import free_port, running_server

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

RECOVERY_S = 3.0  # on a quiet machine
WORKERS = 8


def test_kills_under_load_break_no_promise(
    database_url: str,
    tmp_path: Path,
    rounds: Callable[[int, int], int],
    say: Callable[..., None],
) -> None:
    """I1-I5, I7: 0 lost, 0 double, no trial to two workers, and work goes on within seconds."""
    kills = rounds(4, 100 if "sqlite" in database_url else 50)
    port = free_port()
    with running_server(tmp_path, database_url, port=port) as server:
        load = Load([server.url], create(server.url))
    load.start(WORKERS)
    recoveries, limits = [], []
    try:
        for kill in range(kills + 1):
            began = time.monotonic()
            with running_server(tmp_path, database_url, port=port) as server:
                recoveries.append(first_success(load.ledger, began))
                limits.append(patience(RECOVERY_S))
                time.sleep(0.1 + 0.4 * random.random())  # 100 times, and the grid is not exhausted
                if kill < kills:
                    server.kill()
                else:
                    load.stop()
    finally:
        load.abandon()
    require_whole(database_url, load.ledger, load.study)
    ledger = load.ledger
    worst, mean = max(recoveries), sum(recoveries) / len(recoveries)
    say(
        kills=kills, acknowledged=len(ledger.told), lost=0, double=0,
        recovery_mean_s=f"{mean:.2f}", recovery_max_s=f"{worst:.2f}",
        statuses=dict(ledger.statuses), load=os.getloadavg()[0],
    )  # fmt: skip
    assert not ledger.refusals, ledger.refusals[:3]
    assert mean < sum(limits) / len(limits)
