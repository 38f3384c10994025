"""Runs on disk: one JSON line each, so that a benchmark that was stopped goes on."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.quality.regret import Areas, regret_curve
from benchmarks.quality.runs import best_so_far
from benchmarks.quality.tables import Table

Records = dict[str, dict[int, dict[str, Any]]]  # table -> seed -> record


def read(path: Path, *, q: int) -> Records:
    """Return the runs of a file or a folder of files; a line cut short is left out."""
    found: Records = {}
    paths = sorted(path.glob("*.jsonl")) if path.is_dir() else [path] * path.exists()
    for record in _lines(paths):
        if record["q"] == q and record["trials"]:
            found.setdefault(record["table"], {})[record["seed"]] = record
    return found


def append(path: Path, record: dict[str, Any]) -> None:
    """Add one run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def areas(records: Records, tables: Iterable[Table], n_trials: int) -> Areas:
    """Return the area under the regret curve of each run."""
    return {
        table.name: {
            seed: float(regret_curve(table, best_so_far(record), n_trials).mean())
            for seed, record in records[table.name].items()
            if record["T"] >= min(n_trials, table.n_cells)
        }
        for table in tables
        if table.name in records
    }


def _lines(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue
