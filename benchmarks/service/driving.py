"""The load: workers that step for a while, each on a connection of its own, and what they saw."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from benchmarks.service import cpu
from benchmarks.service.wire import Wire

GRID = [("a", 40), ("b", 40), ("c", 25), ("d", 5)]
PATIENCE_S = 600.0  # a thousand first lists on a busy machine
MOST_ROWS = 5_000  # in a request
HEADING = (
    "| system | pairs/s | server CPU, ms a pair | engine CPU | database CPU | load CPU "
    "| ask p50, ms | ask p99 | tell p50 | tell p99 |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)

Step = Callable[[Wire, str], tuple[float, float]]  # seconds of an ask and of a tell


@dataclass(frozen=True, slots=True)
class System:
    """A running server that takes the load."""

    name: str
    url: str
    pid: int
    token: str | None = None
    database_pid: int | None = None  # of a database that is a process of its own

    def wire(self) -> Wire:
        """Return a new connection."""
        return Wire(self.url, self.token)

    def spent(self) -> tuple[float, float, float, float]:
        """Return the CPU seconds so far: of the server, its engine, the database, the load."""
        database_s = 0.0 if self.database_pid is None else cpu.of_tree(self.database_pid)
        return cpu.of(self.pid), cpu.of_children(self.pid), database_s, time.process_time()


@dataclass
class Measured:
    """What one system did under load."""

    name: str
    pairs: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    engine_s: float = 0.0
    database_s: float = 0.0
    load_s: float = 0.0
    asks: list[float] = field(default_factory=list)
    tells: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Pairs a second."""
        return self.pairs / self.seconds

    def row(self) -> str:
        """Return a line of the table."""
        spent = (self.cpu_s, self.engine_s, self.database_s, self.load_s)
        costs = " | ".join(f"{1000 * s / self.pairs:.2f}" for s in spent)
        waits = [(self.asks, 0.5), (self.asks, 0.99), (self.tells, 0.5), (self.tells, 0.99)]
        times = " | ".join(f"{1000 * quantile(found, q):.1f}" for found, q in waits)
        return f"| {self.name} | {self.rate:.0f} | {costs} | {times} |"


def quantile(values: list[float], q: float) -> float:
    """Return a quantile by rank."""
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def drive(
    system: System, step: Step, *, workers: int, seconds: float, rate: float | None = None
) -> Measured:
    """Let the workers step for a while, at most `rate` steps a second in all, and measure."""
    measured = Measured(system.name)
    ends = threading.Event()
    pause = workers / rate if rate else 0.0

    def work(number: int) -> None:
        with closing(system.wire()) as wire:
            ends.wait(random.random() * pause)  # or all would step at the same moments
            while not ends.is_set():
                began = time.perf_counter()
                asked, told = step(wire, f"w{number}")
                measured.asks.append(asked)
                measured.tells.append(told)
                time.sleep(max(0.0, pause - (time.perf_counter() - began)))

    before, began = system.spent(), time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        working = [threads.submit(work, number) for number in range(workers)]
        wait(working, seconds, FIRST_EXCEPTION)
        ends.set()
    measured.seconds = time.perf_counter() - began
    spent = [now - then for now, then in zip(system.spent(), before, strict=True)]
    measured.cpu_s, measured.engine_s, measured.database_s, measured.load_s = spent
    for one in working:
        one.result()  # raises what ended it
    measured.pairs = len(measured.tells)
    return measured


# ------------------------------------------------------------------------------ one step
def ask_and_tell(*studies: str, **said: Any) -> Step:
    """Return a step of a worker on one of the studies, each time another one; asks may say more."""

    def step(wire: Wire, worker: str) -> tuple[float, float]:
        study = studies[0] if len(studies) == 1 else random.choice(studies)
        began = time.perf_counter()
        body = {"worker": worker, "count": 1} | said
        trial = must(wire.call("POST", f"/api/v1/studies/{study}/suggestions", body))["trials"][0]
        asked = time.perf_counter()
        path = f"/api/v1/studies/{study}/trials/{trial['number']}/observation"
        must(wire.call("POST", path, {"value": random.random()}))
        return asked - began, time.perf_counter() - asked

    return step


def new_study(wire: Wire, name: str = "load", grid: list[tuple[str, int]] = GRID) -> str:
    """Create a study, of 200,000 cells unless told otherwise; return its id."""
    axis = {"kind": "ordered", "low": 0, "high": 1, "scale": "linear"}
    definition = {
        "name": name,
        "metrics": [{"name": "value", "goal": "minimize"}],
        "parameters": [{"name": name, "levels": n} | axis for name, n in grid],
    }
    return str(must(wire.call("POST", "/api/v1/studies", definition))["id"])


def import_results(wire: Wire, study: str, number: int) -> None:
    """Import random results of random cells into a study."""
    parameters = must(wire.call("GET", f"/api/v1/studies/{study}"))["parameters"]
    for start in range(0, number, MOST_ROWS):
        rows = [
            {
                "assignments": {axis["name"]: random.choice(axis["values"]) for axis in parameters},
                "value": random.random(),
            }
            for _ in range(min(MOST_ROWS, number - start))
        ]
        must(wire.call("POST", f"/api/v1/studies/{study}/observations:batch", {"rows": rows}))


def wait_until_current(wire: Wire, *studies: str) -> None:
    """Wait until the posteriors of studies know all their results."""
    until = time.monotonic() + PATIENCE_S
    for study in studies:
        while must(wire.call("GET", f"/api/v1/studies/{study}"))["stale"]:
            if time.monotonic() > until:
                raise TimeoutError(f"updates took longer than {PATIENCE_S:g} s")
            time.sleep(0.1)


def must(answer: tuple[int, Any]) -> Any:
    """Return the body of an answer that must be a good one."""
    status, body = answer
    if status >= 300:
        raise RuntimeError(f"{status}: {body}")
    return body
