"""Whether a long history slows the service down: pairs a second after 0, 10,000, … trials.

    python -m benchmarks.service.history [--trials 0,10000,100000] [--seconds 6] [--workers 16]

The history is imported into one study on SQLite as repeats of its cells, then the same load as in
`load` runs; the ratio to the first line says what the history costs.
"""

import argparse
import random
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.service import load
from benchmarks.service.wire import Wire
from tests.support.server import running_server

ROWS = 5_000  # in a request
LEAST_RATIO = 0.9


def main() -> None:
    """Measure and print."""
    options = _options()
    first: float | None = None
    print("| trials before | pairs/s | of the first | server CPU, ms a pair | at least |")
    print("|---|---|---|---|---|")
    for number in map(int, options.trials.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measured = _after(number, Path(folder), options)
        rate = measured.pairs / measured.seconds
        first = first or rate
        cpu = 1000 * measured.cpu_s / measured.pairs
        print(f"| {number:,} | {rate:.0f} | {rate / first:.2f} | {cpu:.2f} | {LEAST_RATIO} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", default="0,10000,100000")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, default=16)
    parser.set_defaults(rate=None)
    return parser.parse_args()


def _after(number: int, folder: Path, options: argparse.Namespace) -> load.Measured:
    with running_server(folder, f"sqlite:///{folder}/beliefgrid.db") as server:
        wire = Wire(server.url)
        study = load.must(wire.call("POST", "/api/v1/studies", load.definition()))["id"]
        for start in range(0, number, ROWS):
            rows = [_row() for _ in range(min(ROWS, number - start))]
            path = f"/api/v1/studies/{study}/observations:batch"
            load.must(wire.call("POST", path, {"rows": rows}))
        step = load.ask_and_tell(study)
        step(wire, "first")
        return load.drive("history", server.url, None, server.process.pid, step, options)


def _row() -> dict[str, Any]:
    levels = {name: random.randrange(n) / (n - 1) for name, n in load.GRID}
    return {"assignments": levels, "value": random.random()}


if __name__ == "__main__":
    main()
