"""What a sequential worker waits for, how fast the service starts, and what it weighs.

    python -m benchmarks.service.latency [--results 50] [--rounds 30] [--write]

A real server on a fresh SQLite file, a 10,000-cell grid, results told over HTTP. `--write` puts
the figures into RESULTS.md beside this file, with machine and commit.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.machine import stamp
from tests.support.server import Server, running_server

HERE = Path(__file__).parent
LEVELS = 100
TARGETS = {
    "suggestion right after a result, p50": (60, "ms"),
    "suggestion right after a result, p95": (None, "ms"),
    "update of the posterior in the engine, p50": (40, "ms"),
    "start to first answered request": (2, "s"),
    "memory of the idle server": (160, "MB"),
    "memory of its engine process": (None, "MB"),
}


class Worker:
    """One sequential worker on one connection."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=60)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the JSON answer of one request."""
        head = {"Content-Type": "application/json"}
        payload = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", payload, head)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with running_server(Path(folder), f"sqlite:///{folder}/beliefgrid.db") as server:
            figures = {"start to first answered request": time.perf_counter() - began}
            time.sleep(3)  # until the engine's process has loaded what it will need
            figures |= _weights(server)
            figures |= _latencies(server, options.results, options.rounds)
    lines = _table(figures)
    print("\n".join(lines))
    if options.write:
        heading = ["# Latency, start and memory", "", stamp(), ""]
        (HERE / "RESULTS.md").write_text("\n".join([*heading, *lines]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=int, default=50, help="known before the measured rounds")
    parser.add_argument("--rounds", type=int, default=30, help="measured asks")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    return parser.parse_args()


def _latencies(server: Server, n_results: int, n_rounds: int) -> dict[str, float]:
    worker = Worker(server.url)
    study = worker.call("POST", "/studies", _definition())["id"]
    waits: list[float] = []
    for _ in range(n_results + n_rounds):
        began = time.perf_counter()
        asked = worker.call("POST", f"/studies/{study}/suggestions", {"worker": "w"})
        waits.append(1000 * (time.perf_counter() - began))
        if asked["stale"]:
            raise RuntimeError("a sequential worker got a stale suggestion")
        trial = asked["trials"][0]
        path = f"/studies/{study}/trials/{trial['number']}/observation"
        worker.call("POST", path, {"value": _loss(trial["assignments"])})
    snapshots = worker.call("GET", f"/studies/{study}/snapshots?limit=1000")["items"]
    engine = [snapshot["elapsed_ms"] for snapshot in snapshots][-n_rounds:]
    measured = sorted(waits[-n_rounds:])
    return {
        "suggestion right after a result, p50": statistics.median(measured),
        "suggestion right after a result, p95": measured[math.ceil(0.95 * len(measured)) - 1],
        "update of the posterior in the engine, p50": statistics.median(engine),
    }


def _definition() -> dict[str, Any]:
    axis = {"kind": "ordered", "levels": LEVELS, "scale": "linear"}
    return {
        "name": "latency",
        "parameters": [{"name": name, "low": 0, "high": 1} | axis for name in ("a", "b")],
        "metrics": [{"name": "loss", "goal": "minimize"}],
    }


def _loss(assignments: dict[str, float]) -> float:
    a, b = assignments["a"], assignments["b"]
    return (a - 0.3) ** 2 + (b - 0.7) ** 2 + 0.1 * math.sin(9 * a) * math.cos(7 * b)


def _weights(server: Server) -> dict[str, float]:
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        "memory of the idle server": _resident_mb(pid),
        "memory of its engine process": max((_resident_mb(int(c)) for c in children), default=0.0),
    }


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _table(figures: dict[str, float]) -> list[str]:
    lines = ["| figure | measured | at most |", "|---|---|---|"]
    for name, (most, unit) in TARGETS.items():
        bound = "" if most is None else f"{most} {unit}"
        lines.append(f"| {name} | {figures[name]:.3g} {unit} | {bound} |")
    return lines


if __name__ == "__main__":
    main()
