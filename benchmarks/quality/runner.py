"""Measure the search against tables and peers, and write RESULTS.md.

python -m benchmarks.quality TABLES --peers RUNS     TABLES also from BELIEFGRID_TABLES
"""

import argparse
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from beliefgrid.search import grid
from benchmarks.machine import commit
from benchmarks.quality import records
from benchmarks.quality.runs import run
from benchmarks.quality.tables import Table, find_tables

HERE = Path(__file__).parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure the search on tables.")
    parser.add_argument("tables", type=Path, nargs="?", default=os.getenv("BELIEFGRID_TABLES"))
    parser.add_argument("--peers", type=Path, help="folder with a folder of runs for each peer")
    parser.add_argument("--only", default="", help="names of tables, with commas")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--q", type=int, default=1, help="how many trials are pending at a time")
    parser.add_argument("--at-least", type=int, default=1, help="cells of the smallest table")
    parser.add_argument("--at-most", type=int, default=20_000, help="cells of the largest table")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="where runs are kept")
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md")
    given = parser.parse_args(words)
    if given.tables is None:
        parser.error("give the folder of the tables, or set BELIEFGRID_TABLES")
    given.tables = Path(given.tables)
    return given


def chosen_tables(given: argparse.Namespace) -> list[Table]:
    """Return the tables to run on."""
    names = set(given.only.split(",")) - {""}
    tables = find_tables(given.tables, at_most=given.at_most)
    tables = [table for table in tables if table.n_cells >= given.at_least]
    return [table for table in tables if not names or table.name in names]


def complete(
    given: argparse.Namespace, tables: Iterable[Table], *, is_lazy: bool = False
) -> records.Records:
    """Run what is missing, and return all runs of this engine."""
    road = "lazy__" if is_lazy else ""
    path = given.runs / f"{road}q{given.q}__T{given.trials}.jsonl"
    done = records.read(path, q=given.q)
    missing = [
        (table, seed, given.trials, given.q, is_lazy)
        for table in tables
        for seed in range(given.seeds)
        if seed not in done.get(table.name, {})
    ]
    os.environ.update(dict.fromkeys(THREADS, "1"))  # two gave nothing on matrices this small
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        for record in pool.map(_run, missing):
            records.append(path, record | {"commit": commit()})
            print(record["table"], record["seed"], record["trials"][-1][2], flush=True)
    return records.read(path, q=given.q)


def _run(what: tuple[Table, int, int, int, bool]) -> dict[str, Any]:
    table, seed, n_trials, q, is_lazy = what
    if is_lazy:
        grid.MAX_WRITTEN_OUT = 0  # of this process, which runs nothing else
    return run(table, seed=seed, n_trials=n_trials, q=q)
