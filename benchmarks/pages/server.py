"""CPU that the server spends on each page: `python -m benchmarks.pages.server 20000 100000`.

A study of 50 x 50 cells with imported replicates; the median of some requests, in this process,
template and compression included. The engine's own processes are not counted.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings
from beliefgrid.storage import migrate
from benchmarks.machine import stamp

SIDE, BATCH, REPEATS = 50, 10_000, 7
BASE = "http://127.0.0.1:8000"
PAGES = {
    "overview": "",
    "posterior": "/posterior",
    "strategies": "/strategies",
    "convergence": "/convergence",
    "workers": "/workers",
    "trials": "/trials",
    "trials by value": "/trials?sort=value",
    "trials by -value": "/trials?sort=-value",
    "trials failed": "/trials?state=failed",
    "trials completed": "/trials?state=completed",
    "trials of nobody": "/trials?worker=nobody",
    "trials of a worker by value": "/trials?worker=gpu-1&sort=value",
    "marks": "/charts/marks",
    "history": "/charts/history",
}


def main() -> None:
    """Measure every page at each number of trials that is named."""
    sizes = [int(word) for word in sys.argv[1:]] or [20_000]
    sys.stdout.write(f"{stamp()}\n")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'pages.db'}"
            migrate.upgrade(url)
            with TestClient(create_app(Settings(database_url=url)), base_url=BASE) as client:
                study = fill(client, size)
                for name, path in PAGES.items():
                    sys.stdout.write(f"{size:>7,} {name:<28} {cost(client, study, path)}\n")
                    sys.stdout.flush()


def fill(client: TestClient, size: int) -> str:
    """Create a study with so many results and wait for its posterior."""
    levels = list(range(SIDE))
    axes = [{"name": n, "kind": "ordered", "values": levels, "scale": "linear"} for n in "xy"]
    body = {"name": "pages", "parameters": axes, "metrics": [{"name": "mse"}]}
    study = str(client.post("/api/v1/studies", json=body).raise_for_status().json()["id"])
    for number in range(20):
        path = f"/api/v1/studies/{study}/suggestions"
        client.post(path, json={"worker": f"gpu-{number}"}).raise_for_status()
    rng = np.random.default_rng(0)
    for _ in range(0, size, BATCH):
        n = min(BATCH, size)
        at = rng.integers(0, SIDE, (n, 2))
        values = 1 + ((at - 20) ** 2).sum(axis=1) / 400 + rng.normal(0, 0.1, n)
        rows = [
            {"assignments": {"x": int(x), "y": int(y)}, "value": float(v)}
            for (x, y), v in zip(at, values, strict=True)
        ]
        path = f"/api/v1/studies/{study}/observations:batch"
        client.post(path, json={"rows": rows}).raise_for_status()
    wait(client, study, size)
    return study


def wait(client: TestClient, study: str, size: int) -> None:
    """Wait until the newest posterior has seen every result."""
    while True:
        found = client.get(f"/api/v1/studies/{study}/snapshots").json()["items"]
        if found and found[-1]["n_observations"] >= size:
            return
        time.sleep(0.5)


def cost(client: TestClient, study: str, path: str) -> str:
    """Return the median CPU of a page in ms, and its size on the wire."""
    spent, size = [], 0
    for _ in range(REPEATS):
        began = time.process_time()
        answer = client.get(f"/studies/{study}{path}")
        spent.append(1000 * (time.process_time() - began))
        size = int(answer.headers.get("content-length", 0))
        answer.raise_for_status()
    return f"{statistics.median(spent):7.1f} ms {size / 1000:7.1f} kB"


if __name__ == "__main__":
    main()
