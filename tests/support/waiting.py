"""Wait for something that another process does, and for no longer than it takes."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 30.0
PAUSE_S = 0.02


def wait_until(
    is_true: Callable[[], bool],
    *,
    process: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
    patience_s: float = PATIENCE_S,
    pause_s: float = PAUSE_S,
) -> None:
    """Return as soon as something is true; fail with the process's log if it never is."""
    deadline = time.monotonic() + patience_s
    while not is_true():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            said = log.read_text(errors="replace") if log is not None else ""
            problem = "the process ended" if ended else f"not true after {patience_s:g} s"
            raise AssertionError(f"{problem}\n{said}")
        time.sleep(pause_s)
