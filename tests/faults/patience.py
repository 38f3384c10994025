"""How long to wait for a service that was hurt, and how long it may take."""

import math
import os

from tests.faults.load import Ledger
from tests.support.waiting import PATIENCE_S, wait_until


def patience(seconds: float) -> float:
    """Return a limit that grows with how busy the machine is with other things."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def first_success(ledger: Ledger, moment: float) -> float:
    """Wait for the first request that succeeds after a moment; return how long it took.

    Whether that was too long is for the test to say: a server that had to start on a busy machine
    may have taken longer than anybody waits here.
    """
    is_there = lambda: math.isfinite(ledger.recovery_after(moment))
    wait_until(is_there, patience_s=patience(PATIENCE_S))
    return ledger.recovery_after(moment)
