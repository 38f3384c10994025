"""How many results a second the service takes, and what each costs, beside the bare floor.

    python -m benchmarks.service.load [--workers 16] [--seconds 10] [--databases sqlite,postgres]
                                      [--peer] [--write]

Everything runs on this machine: the load, the server, the database. Each worker asks and tells
on a connection of its own, authentication on. `--peer` also drives Optuna's RDB storage with as
many processes (where optuna is installed). `--write` puts the table into LOAD.md.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import stamp
from benchmarks.service import peer
from benchmarks.service.wire import Wire
from tests.support import postgres
from tests.support.server import free_port, running_server
from tests.support.waiting import wait_until

HERE = Path(__file__).parent
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
GRID = [("a", 40), ("b", 40), ("c", 25), ("d", 5)]

Step = Callable[[Wire, str], tuple[float, float]]  # seconds of an ask and of a tell


@dataclass
class Measured:
    """What one system did under load."""

    name: str
    pairs: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    engine_s: float = 0.0
    asks: list[float] = field(default_factory=list)
    tells: list[float] = field(default_factory=list)

    def row(self) -> str:
        """Return a line of the table."""
        rate = self.pairs / self.seconds
        cpu = f"{1000 * self.cpu_s / self.pairs:.2f}"
        engine = f"{1000 * self.engine_s / self.pairs:.2f}"
        ask50, ask99 = quantile(self.asks, 0.5), quantile(self.asks, 0.99)
        tell99 = quantile(self.tells, 0.99)
        times = " | ".join(f"{1000 * t:.1f}" for t in (ask50, ask99, tell99))
        return f"| {self.name} | {rate:.0f} | {cpu} | {engine} | {times} |"


HEADING = (
    "| system | pairs/s | server CPU, ms a pair | engine CPU, ms a pair "
    "| ask p50, ms | ask p99, ms | tell p99, ms |\n"
    "|---|---|---|---|---|---|---|"
)


def quantile(values: list[float], q: float) -> float:
    """Return a quantile by rank."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def main() -> None:
    """Measure and print."""
    options = _options()
    lines = [HEADING]
    for database in options.databases.split(","):
        with tempfile.TemporaryDirectory() as folder, _database(database, Path(folder)) as url:
            lines.append(_floor(database, url("floor"), options).row())
            lines.append(_ours(database, Path(folder), url("ours"), options).row())
            if options.peer:
                lines.append(_peer(database, url("peer"), options).row())
    print("\n".join(lines))
    if options.write:
        said = f"`--workers {options.workers} --seconds {options.seconds:g}`"
        heading = ["# Load", "", stamp(), "", said, ""]
        (HERE / "LOAD.md").write_text("\n".join([*heading, *lines]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--rate", type=float, help="pairs a second in all; default: all there are")
    parser.add_argument("--peer", action="store_true", help="also drive Optuna's RDB storage")
    parser.add_argument("--write", action="store_true", help="write LOAD.md")
    return parser.parse_args()


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Callable[[str], str]]:
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder}/{name}.db"
        return
    with postgres.cluster(is_durable=True) as cluster, ExitStack() as lent:
        yield lambda _name: lent.enter_context(cluster.database(empty=True))


# ------------------------------------------------------------------------------ the systems
def _floor(database: str, url: str, options: argparse.Namespace) -> Measured:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.service.floor:app"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command, env=os.environ | {"FLOOR_DATABASE": url})
    try:
        at = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(at), process=process)
        return drive(f"floor, {database}", at, None, process.pid, _store_twice, options)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _ours(database: str, folder: Path, url: str, options: argparse.Namespace) -> Measured:
    environment = os.environ | {"BELIEFGRID_DATABASE_URL": url}
    ours = [sys.executable, "-m", "beliefgrid.cli"]
    subprocess.run([*ours, "migrate"], check=True, env=environment, capture_output=True)
    create = [*ours, "token", "create", "--name", "load", "--scope", "write"]
    made = subprocess.run(create, check=True, env=environment, capture_output=True, text=True)
    token = next(word for word in made.stdout.split() if word.startswith("bg_"))
    with running_server(folder, url, BELIEFGRID_AUTH="on") as server:
        wire = Wire(server.url, token)
        study = must(wire.call("POST", "/api/v1/studies", definition()))["id"]
        step = ask_and_tell(study)
        step(wire, "first")  # its list is there, so that a short run measures asks, not the start
        name = f"beliefgrid, {database}"
        return drive(name, server.url, token, server.process.pid, step, options)


def _peer(database: str, url: str, options: argparse.Namespace) -> Measured:
    found = peer.drive(url, workers=options.workers, seconds=options.seconds, grid=GRID)
    return Measured(name=f"Optuna RDB {peer.version()}, {database}", **found)


# ------------------------------------------------------------------------------ one step
def _store_twice(wire: Wire, _worker: str) -> tuple[float, float]:
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        must(wire.call("POST", "/rows", {"value": 0.5}))
        spent.append(time.perf_counter() - began)
    return spent[0], spent[1]


def ask_and_tell(study: str) -> Step:
    """Return a step of a worker on one study."""

    def step(wire: Wire, worker: str) -> tuple[float, float]:
        began = time.perf_counter()
        body = {"worker": worker, "count": 1}
        trial = must(wire.call("POST", f"/api/v1/studies/{study}/suggestions", body))["trials"][0]
        asked = time.perf_counter()
        path = f"/api/v1/studies/{study}/trials/{trial['number']}/observation"
        must(wire.call("POST", path, {"value": random.random()}))
        return asked - began, time.perf_counter() - asked

    return step


def must(answer: tuple[int, Any]) -> Any:
    """Return the body of an answer that must be a good one."""
    status, body = answer
    if status >= 300:
        raise RuntimeError(f"{status}: {body}")
    return body


def definition() -> dict[str, Any]:
    """Return a study of 20,000 cells."""
    return {
        "name": "load",
        "metrics": [{"name": "value", "goal": "minimize"}],
        "parameters": [
            {"name": name, "kind": "ordered", "low": 0, "high": 1, "levels": n, "scale": "linear"}
            for name, n in GRID
        ],
    }


# ------------------------------------------------------------------------------ the load
def drive(
    name: str, url: str, token: str | None, pid: int, step: Step, options: argparse.Namespace
) -> Measured:
    """Let the workers step for a while, each on a connection of its own, and measure."""
    measured = Measured(name)
    ends = threading.Event()
    failures: list[BaseException] = []
    pause = options.workers / options.rate if options.rate else 0.0

    def work(number: int) -> None:
        wire = Wire(url, token)
        try:
            while not ends.is_set():
                began = time.perf_counter()
                asked, told = step(wire, f"w{number}")
                measured.asks.append(asked)
                measured.tells.append(told)
                time.sleep(max(0.0, pause - (time.perf_counter() - began)))
        except BaseException as error:  # noqa: BLE001 - raised below, in the main thread
            failures.append(error)
            ends.set()
        finally:
            wire.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(options.workers)]
    before, engine_before, began = _cpu_s(pid), _children_s(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    ends.wait(options.seconds)
    ends.set()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - began
    measured.cpu_s, measured.engine_s = _cpu_s(pid) - before, _children_s(pid) - engine_before
    if failures:
        raise failures[0]
    measured.pairs = len(measured.tells)
    return measured


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _children_s(pid: int) -> float:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_cpu_s(int(child)) for child in children)


def _answers(url: str) -> bool:
    try:
        Wire(url).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
