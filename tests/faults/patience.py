"""How long to wait for a service that was hurt, and how long it may take."""

import os

from tests.faults.load import Ledger
from tests.support.waiting import PATIENCE_S, wait_until


def patience(seconds: float) -> float:
    """Return a limit that grows with how busy the machine is with other things."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def first_success(ledger: Ledger, moment: float) -> float:
    """Wait for the first request that succeeds after a moment; return how long it took."""
    wait_until(lambda: ledger.recovery_after(moment) < PATIENCE_S)
    return ledger.recovery_after(moment)
