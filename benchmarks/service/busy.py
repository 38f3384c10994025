"""Whether asks notice that a large posterior is being updated.

    python -m benchmarks.service.busy [--databases sqlite,postgres] [--rounds 2] [--rate 25]
                                      [--least 1.5] [--write]

Asks come at a steady rate in a study of 100,000 cells and do not wait for the newest posterior:
first while nothing is computed, then while results that were imported into the study are. Asks
count from the import until its snapshot is there, if the update took long enough. What matters is
the 99th percentile: at most 1.5 times the idle one + 10 ms.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.machine import stamp
from benchmarks.service.driving import (
    System,
    import_results,
    must,
    new_study,
    quantile,
    wait_until_current,
)
from benchmarks.service.systems import databases, ours
from benchmarks.service.wire import Wire

HERE = Path(__file__).parent
GRID = [("a", 50), ("b", 50), ("c", 40)]  # 100,000 cells
ROWS = 150  # imported for each update
MOST_IMPORTS = 20  # until enough updates took long enough
IDLE_S = 10.0
HEADING = (
    "| database | updates of, s | asks idle, p50 / p99, ms | asks during an update, p50 / p99, ms "
    "| at most |\n|---|---|---|---|---|"
)


def main() -> None:
    """Measure and print."""
    options = _options()
    lines = [HEADING]
    for kind in options.databases.split(","):
        with (
            tempfile.TemporaryDirectory() as folder,
            databases(kind, Path(folder)) as lent,
            ours(lent) as system,
        ):
            lines.append(_measured(kind, system, options))
    print("\n".join(lines))
    if options.write:
        heading = ["# Asks during an update", "", stamp(), "", f"`{' '.join(sys.argv[1:])}`", ""]
        (HERE / "BUSY.md").write_text("\n".join([*heading, *lines]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--rounds", type=int, default=2, help="updates to ask during")
    parser.add_argument("--rate", type=float, default=25.0, help="asks a second")
    parser.add_argument("--least", type=float, default=1.5, help="seconds of an update that counts")
    parser.add_argument("--write", action="store_true", help="write BUSY.md")
    return parser.parse_args()


class _Asking:
    """Somebody who asks steadily; how long each ask took."""

    def __init__(self, wire: Wire, study: str, rate: float) -> None:
        self._path, self._wire, self._pause = f"/api/v1/studies/{study}/suggestions", wire, 1 / rate
        self._waits: list[float] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.wait(self._pause):
            began = time.perf_counter()
            must(self._wire.call("POST", self._path, {"count": 1, "wait_seconds": 0}))
            self._waits.append(time.perf_counter() - began)

    def stop(self) -> list[float]:
        self._ends.set()
        self._thread.join()
        return self._waits


def _measured(kind: str, system: System, options: argparse.Namespace) -> str:
    wire = system.wire()
    study = new_study(wire, "large", GRID)
    wait_until_current(wire, study)
    asking = _Asking(system.wire(), study, options.rate)
    time.sleep(IDLE_S)
    idle = asking.stop()
    wire = system.wire()  # the other one was idle for too long
    busy: list[float] = []
    took: list[float] = []
    for _ in range(MOST_IMPORTS):
        import_results(wire, study, ROWS)
        asking = _Asking(system.wire(), study, options.rate)
        wait_until_current(wire, study)
        waits = asking.stop()
        elapsed_s = _last_update_s(wire, study)
        if elapsed_s >= options.least:
            took.append(elapsed_s)
            busy += waits
        if len(took) == options.rounds:
            break
    most = 1500 * quantile(idle, 0.99) + 10
    spans = f"{min(took):.1f}-{max(took):.1f}" if took else "none"
    return f"| {kind} | {spans} | {_both(idle)} | {_both(busy)} | {most:.1f} |"


def _last_update_s(wire: Wire, study: str) -> float:
    path = f"/api/v1/studies/{study}/snapshots?limit=1000"
    return float(must(wire.call("GET", path))["items"][-1]["elapsed_ms"]) / 1000


def _both(waits: list[float]) -> str:
    return f"{1000 * quantile(waits, 0.5):.1f} / {1000 * quantile(waits, 0.99):.1f}"


if __name__ == "__main__":
    main()
