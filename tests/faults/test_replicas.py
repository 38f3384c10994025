"""Two servers and an updater share a Postgres; one server is killed and started again."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.faults.invariants import require_whole
from tests.faults.load import STUDY, Load, create
from tests.faults.patience import first_success
from tests.faults.processes import running_updater
from tests.support.server import free_port, running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]


def test_two_replicas_break_no_promise(
    postgres_url: str,
    tmp_path: Path,
    rounds: Callable[..., int],
    say: Callable[..., None],
) -> None:
    """I1-I5, I7: 0 duplicate leases and 0 lost, with one replica killed half-way."""
    wanted = rounds(300, 20_000, 100_000)
    parameters = [axis | {"levels": rounds(40, 60)} for axis in STUDY["parameters"]]
    port = free_port()
    with ExitStack() as running:
        start = partial(running_server, tmp_path, postgres_url, BELIEFGRID_UPDATES="off")
        first = running.enter_context(start())
        second = running.enter_context(start(port=port))
        running.enter_context(running_updater(tmp_path, postgres_url))
        load = Load([first.url, second.url], create(first.url, parameters=parameters), limit=wanted)
        with load.running(16) as ledger:
            patience = float(rounds(120, 3600))
            wait_until(lambda: len(ledger.told) > wanted / 3, patience_s=patience)
            second.kill()
            killed = time.monotonic()
            running.enter_context(start(port=port))
            pause = first_success(ledger, killed)
            wait_until(lambda: len(ledger.told) >= wanted, patience_s=patience)
    require_whole(postgres_url, ledger, load.study)
    cells = [cell for _, cell in {(number, cell) for number, cell, _ in ledger.asked}]
    say(
        asked=len(cells), acknowledged=len(ledger.told), lost=0, double=0,
        cells_twice=len(cells) - len(set(cells)), pause_s=f"{pause:.2f}",
        statuses=dict(ledger.statuses),
    )  # fmt: skip
    assert not ledger.refusals, ledger.refusals[:3]
    assert len(cells) == len(set(cells)), "a cell was given out twice"
