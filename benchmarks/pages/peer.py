"""The peer: optuna-dashboard, with a study of its own, run by a Python that has it.

`PYTHON peer.py URL N` fills a database there; here `peer()` does so and serves it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUDY = "/dashboard/studies/1"
READY = ".js-plotly-plot .scatterlayer path.point"  # its axes stand before the data come


@contextmanager
def peer(python: str, size: int) -> Iterator[tuple[str, int]]:
    """Serve a study with so many trials; the address of its page, and the server's process."""
    from benchmarks.pages.serving import free_port, running

    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/peer.db"
        subprocess.run([python, __file__, database, str(size)], check=True)
        port = free_port()
        dashboard = str(Path(python).parent / "optuna-dashboard")
        command = [dashboard, database, "--host", "127.0.0.1", "--port", str(port)]
        base = f"http://127.0.0.1:{port}"
        with running(command, folder, ready=f"{base}/api/studies") as pid:
            yield base + STUDY, pid


def _fill(database: str, size: int) -> None:
    """Store trials of the same function on the same grid as ours."""
    import numpy as np
    import optuna
    from sqlalchemy import Engine, event

    # It stores trial by trial: a minute with a flush to the disk for each.
    event.listen(Engine, "connect", lambda c, _: c.execute("PRAGMA synchronous = OFF"))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    rng = np.random.default_rng(0)
    levels = optuna.distributions.IntDistribution(0, 49)
    study = optuna.create_study(storage=database, study_name=f"{size:,} trials")
    at = rng.integers(0, 50, (size, 2))
    values = 1 + 4 * ((at / 50 - 0.4) ** 2).sum(axis=1) + rng.normal(0, 0.1, size)
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={"x": int(x), "y": int(y)},
                distributions={"x": levels, "y": levels},
                value=float(value),
            )
            for (x, y), value in zip(at, values, strict=True)
        ]
    )


if __name__ == "__main__":
    _fill(sys.argv[1], int(sys.argv[2]))
