"""Optuna's RDB storage under the same load: as many processes, each asking and telling.

Run by the Python that has optuna, as a program of its own: `python peer.py` and the load as JSON.
One that also has psycopg and SQLAlchemy is made by

    python -m venv FOLDER && FOLDER/bin/pip install optuna 'psycopg[binary]'
"""

import importlib.metadata
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.queues import Queue
from typing import Any

Grid = Sequence[tuple[str, int]]
PATIENCE_S = 300  # beyond the seconds of load: the workers start, and one ask may take long


def drive(url: str, *, python: str, workers: int, seconds: float, grid: Grid) -> dict[str, Any]:
    """Ask and tell with a random sampler, the cheapest there is, and measure."""
    load = json.dumps({"url": url, "workers": workers, "seconds": seconds, "grid": list(grid)})
    done = subprocess.run(
        [python, __file__, load], check=True, stdout=subprocess.PIPE, timeout=seconds + PATIENCE_S
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Drive the load that the command line says, and print what came of it."""
    load = json.loads(sys.argv[1])
    storage = load["url"].replace("postgresql://", "postgresql+psycopg://")
    _study(storage, create=True)
    spawn = multiprocessing.get_context("spawn")
    results: Queue[dict[str, Any]] = spawn.Queue()
    arguments = (storage, load["seconds"], load["grid"], results)
    processes = [spawn.Process(target=_work, args=arguments) for _ in range(load["workers"])]
    for process in processes:
        process.start()
    found = [results.get(timeout=load["seconds"] + PATIENCE_S) for _ in processes]
    for process in processes:
        process.join(timeout=30)
    measured = {
        "name": f"Optuna RDB {importlib.metadata.version('optuna')}",
        "pairs": sum(len(one["tells"]) for one in found),
        "seconds": max(one["seconds"] for one in found),
        "cpu_s": sum(one["cpu_s"] for one in found),  # there is no server: the workers do its work
        "asks": [t for one in found for t in one["asks"]],
        "tells": [t for one in found for t in one["tells"]],
    }
    print(json.dumps(measured))


def _study(storage: str, *, create: bool) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler()
    if create:
        return optuna.create_study(study_name="load", storage=storage, sampler=sampler)
    return optuna.load_study(study_name="load", storage=storage, sampler=sampler)


def _work(storage: str, seconds: float, grid: Grid, results: "Queue[dict[str, Any]]") -> None:
    from optuna.distributions import IntDistribution

    axes = {name: IntDistribution(0, n - 1) for name, n in grid}
    study = _study(storage, create=False)
    asks, tells = [], []
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        trial = study.ask(axes)
        asked = time.perf_counter()
        study.tell(trial, 0.5)
        asks.append(asked - start)
        tells.append(time.perf_counter() - asked)
    results.put(
        {
            "seconds": time.perf_counter() - began,
            "cpu_s": time.process_time() - cpu,
            "asks": asks,
            "tells": tells,
        }
    )


if __name__ == "__main__":
    main()
