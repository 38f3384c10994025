"""Studies to measure pages on: a grid with imported results, many more than it has cells."""

import time

import httpx2
import numpy as np

BATCH = 10_000
GRIDS = {"50 x 50": (50, 50), "5^6": (5,) * 6}
WORKERS = 20


def fill(client: httpx2.Client, size: int, shape: tuple[int, ...] = (50, 50)) -> str:
    """Create a study with so many results and wait for its posterior."""
    names = [f"p{axis}" for axis in range(len(shape))] if len(shape) > 2 else list("xy")
    axes = [
        {"name": name, "kind": "ordered", "values": list(range(n)), "scale": "linear"}
        for name, n in zip(names, shape, strict=True)
    ]
    body = {"name": f"{size:,} trials", "parameters": axes, "metrics": [{"name": "mse"}]}
    study = str(client.post("/api/v1/studies", json=body).raise_for_status().json()["id"])
    for number in range(WORKERS):
        path = f"/api/v1/studies/{study}/suggestions"
        client.post(path, json={"worker": f"gpu-{number}"}).raise_for_status()
    rng = np.random.default_rng(0)
    for start in range(0, size, BATCH):
        _import(client, study, rng, names, shape, min(BATCH, size - start))
    _wait(client, study, size)
    return study


def _import(
    client: httpx2.Client,
    study: str,
    rng: np.random.Generator,
    names: list[str],
    shape: tuple[int, ...],
    n: int,
) -> None:
    at = rng.integers(0, shape, (n, len(shape)))
    away = (at / np.array(shape) - 0.4) ** 2
    values = 1 + 4 * away.sum(axis=1) + rng.normal(0, 0.1, n)
    rows = [
        {"assignments": dict(zip(names, map(int, cell), strict=True)), "value": float(value)}
        for cell, value in zip(at, values, strict=True)
    ]
    path = f"/api/v1/studies/{study}/observations:batch"
    client.post(path, json={"rows": rows}).raise_for_status()


def _wait(client: httpx2.Client, study: str, size: int) -> None:
    """Wait until the newest posterior has seen every result."""
    while True:
        found = client.get(f"/api/v1/studies/{study}/snapshots").json()["items"]
        if found and found[-1]["n_observations"] >= size:
            return
        time.sleep(0.5)
