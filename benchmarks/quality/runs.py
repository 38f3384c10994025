"""One run: the engine against one table, by ask and tell, without a service around it.

With q pending, q cells are asked for; then a pending one, picked by a coin that is seeded alike
for every searcher, comes back with its value, and one more is asked for.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid import search
from beliefgrid.search.lazy import LazyModel
from beliefgrid.search.observations import merge
from benchmarks.calibration.scores import checkpoint
from benchmarks.quality.tables import Table

COLUMNS = ("cell", "value", "best", "repeat", "cpu_s")
CHECKPOINTS = (6, 10, 20, 30)  # results after which the posterior is compared with the truth
QUEUE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class _Asked:
    """A suggested cell, and what was predicted of its value; None before any value."""

    cell: int
    mean: float | None
    next_value: Mapping[str, Any] | None


@dataclass(slots=True)
class _Search:
    """What a study holds while it runs."""

    table: Table
    problem: search.Problem
    cells: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    infeasible: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    event: int = 0
    cpu_s: float = 0.0
    posterior: Any = None

    @property
    def best(self) -> float | None:
        if not self.values:
            return None
        return max(self.values) if self.table.goal == "maximize" else min(self.values)

    @property
    def observations(self) -> search.Observations:
        return search.Observations(
            cells=np.asarray(self.cells, dtype=np.int64),
            values=np.asarray(self.values, dtype=np.float64),
            infeasible=np.asarray(self.infeasible, dtype=np.int64),
            stddevs=None,
        )

    @property
    def p_best(self) -> NDArray[np.float64]:
        """The belief in every cell, also of a grid that is looked at by candidates."""
        if not self.problem.is_lazy:
            return np.asarray(self.posterior.p_best, dtype=np.float64)
        if not self.values:
            return np.full(self.table.n_cells, 1 / self.table.n_cells)
        model = LazyModel(
            self.problem,
            merge(self.problem, self.observations),
            self.posterior.theta,
            self.event - 1,
            np.asarray(self.pending, dtype=np.int64),
        )
        return model.mass.of(np.arange(self.table.n_cells))

    def update(self) -> None:
        began = process_time()
        previous = self.posterior.theta if self.posterior is not None else None
        self.posterior = search.update(
            self.problem,
            self.observations,
            pending=tuple(self.pending),
            event=self.event,
            previous=previous,
            theta=None,
            n_queue=QUEUE_LENGTH,
        )
        self.event += 1
        self.cpu_s = process_time() - began

    def ask(self) -> _Asked:
        """Return the first candidate that is not running; the queue may hold those."""
        candidate = next(c for c in self.posterior.queue if c.cell not in self.pending)
        self.pending.append(candidate.cell)
        return _Asked(candidate.cell, candidate.mean, candidate.explanation["next_value"])

    def tell(self, cell: int) -> float | None:
        self.pending.remove(cell)
        value = float(self.table.values[cell])
        if np.isnan(value):
            self.infeasible.append(cell)
            return None
        self.cells.append(cell)
        self.values.append(value)
        return value


def run(table: Table, *, seed: int, n_trials: int, q: int) -> dict[str, Any]:
    """Return the record of one run, as it is stored."""
    trials: list[list[Any]] = []
    checks: dict[str, Any] = {}
    predictions: list[list[float]] = []
    for searching, asked, value in _trials(table, seed, n_trials, q):
        seen = {trial[0] for trial in trials}
        repeat = int(asked.cell in seen)
        cpu_s = round(searching.cpu_s, 5)
        trials.append([asked.cell, value, searching.best, repeat, cpu_s])
        if value is not None and asked.mean is not None and asked.next_value is not None:
            said = asked.next_value
            predictions.append([asked.mean, said["scale"], said["degrees"], value])
        if q == 1 and len(trials) in CHECKPOINTS:
            checks[str(len(trials))] = checkpoint(table, searching.p_best)
    return {
        "table": table.name,
        "seed": seed,
        "T": n_trials,
        "q": q,
        "engine": search.ENGINE_VERSION,
        "columns": list(COLUMNS),
        "trials": trials,
        "next_values": predictions,
        "checkpoints": checks,
    }


def _trials(
    table: Table, seed: int, n_trials: int, q: int
) -> Iterator[tuple[_Search, _Asked, float | None]]:
    """Yield each finished trial after the update that it caused."""
    searching = _Search(table, search.Problem.from_definition(table.definition(seed)))
    clock = random.Random(1000003 * seed + 17)
    length = min(n_trials, table.n_cells)
    running: list[_Asked] = []
    searching.update()
    n_asked = 0
    for _ in range(length):
        while len(running) < q and n_asked < length:
            running.append(searching.ask())
            n_asked += 1
        asked = running.pop(clock.randrange(len(running)) if q > 1 else 0)
        value = searching.tell(asked.cell)
        searching.update()
        yield searching, asked, value


def best_so_far(record: dict[str, Any]) -> list[float | None]:
    """Return the third column of a run: ours and a peer's have it in the same place."""
    return [trial[2] for trial in record["trials"]]


def repeats(records: list[dict[str, Any]]) -> int:
    """Return how many cells these runs of ours tried a second time."""
    return sum(trial[3] for record in records for trial in record["trials"])


def cpu_ms(records: list[dict[str, Any]]) -> NDArray[np.float64]:
    """Return the CPU time of each update, in milliseconds."""
    return 1000 * np.asarray([trial[4] for record in records for trial in record["trials"]])
