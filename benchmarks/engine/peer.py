"""Optuna's GPSampler and TPESampler on the same results: CPU of one suggestion.

Run by the Python that has optuna and torch, as a program of its own: `python peer.py` and what was
measured as JSON. One is made by

    python -m venv FOLDER && FOLDER/bin/pip install optuna torch scipy
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from typing import Any

PATIENCE_S = 600
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def suggestions(python: str, measured: dict[str, Any]) -> dict[str, Any]:
    """Return milliseconds by sampler and number of results, and Optuna's `version`.

    `measured` is {"shape": levels of each axis, "levels": those of each result, "values",
    "results": how many of them are known, "repeats"}.
    """
    done = subprocess.run(
        [python, __file__, json.dumps(measured)],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
        timeout=PATIENCE_S,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure what the command line says."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    measured = json.loads(sys.argv[1])
    samplers = {"GPSampler": optuna.samplers.GPSampler, "TPESampler": optuna.samplers.TPESampler}
    found: dict[str, Any] = {"version": importlib.metadata.version("optuna")}
    for name, sampler in samplers.items():
        found[name] = [_fastest_ms(sampler, measured, n) for n in measured["results"]]
    print(json.dumps(found))


def _fastest_ms(sampler: Any, measured: dict[str, Any], n: int) -> float:
    times = []
    for seed in range(measured["repeats"]):
        study, axes = _study(sampler(seed=seed), measured, n)
        began = time.process_time()
        study.ask(axes)
        times.append(1000 * (time.process_time() - began))
    return min(times)


def _study(sampler: Any, measured: dict[str, Any], n: int) -> tuple[Any, dict[str, Any]]:
    import optuna

    axes = {
        f"p{axis}": optuna.distributions.IntDistribution(0, levels - 1)
        for axis, levels in enumerate(measured["shape"])
    }
    study = optuna.create_study(sampler=sampler)
    for levels, value in list(zip(measured["levels"], measured["values"], strict=True))[:n]:
        params = dict(zip(axes, levels, strict=True))
        trial = optuna.trial.create_trial(params=params, distributions=axes, value=value)
        study.add_trial(trial)
    return study, axes


if __name__ == "__main__":
    main()
