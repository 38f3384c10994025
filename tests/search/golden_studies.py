"""Studies whose posteriors are stored: a change of the engine's numbers must be meant.

`python -m tests.search.golden_studies` writes tests/search/golden again. Whoever does that raises
ENGINE_VERSION if a version with the old numbers was released.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from beliefgrid.search import Observations, Problem, Theta, update
from tests.search.problems import AUTOENCODER, MIXED, observed, some_results

FOLDER = Path(__file__).parent / "golden"
WIDE = [{"name": f"p{axis}", "kind": "ordered", "values": list(range(10))} for axis in range(12)]
DEPENDENT = [
    {"name": "optimizer", "kind": "categorical", "values": ["adam", "sgd", "rms"]},
    {"name": "momentum", "kind": "ordered", "values": [0, 0.5, 0.9], "when": {"optimizer": "sgd"}},
    {"name": "rate", "kind": "ordered", "low": 0.001, "high": 1, "levels": 8, "scale": "log"},
]
DEFINITIONS: dict[str, dict[str, Any]] = {
    "paper": {"parameters": AUTOENCODER, "strategy": {"likelihood": "inverse_loss"}},
    "mixed": {"parameters": MIXED, "noise": "high"},
    "prior": {"parameters": MIXED, "prior": {"axes": {"size": [1, 1, 1, 1, 9]}}, "seed": 3},
    "maximized": {"parameters": MIXED, "metrics": [{"name": "y", "goal": "maximize"}]},
    "rules": {"parameters": DEPENDENT, "constraints": {"require": ["momentum + rate < 1.2"]}},
    "wide": {"parameters": WIDE, "seed": 5},
}
N_RESULTS = {"paper": 2}


def results_of(name: str, problem: Problem) -> Observations:
    """Return the results of a golden study."""
    if name == "wide":
        cells = np.random.default_rng(1).integers(0, problem.grid.n_cells, 9).tolist()
        return observed(cells, [float(sum(problem.grid.levels(cell))) for cell in cells])
    infeasible = 2 if name == "mixed" else 0
    return some_results(problem, N_RESULTS.get(name, 9), infeasible=infeasible)


def snapshot(name: str, theta: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what is stored of a study; with theta nothing is fitted."""
    problem = Problem.from_definition(DEFINITIONS[name])
    found = update(
        problem,
        results_of(name, problem),
        pending=[4],
        event=11,
        theta=Theta.from_json(theta) if theta else None,
        n_queue=8,
    )
    return {
        "engine": found.engine_version,
        "theta": found.theta and found.theta.to_json(),
        "top": [[b.cell, b.mean, b.sd, b.p_best] for b in found.top[:10]],
        "queue": [[c.cell, c.score] for c in found.queue],
        "entropy_bits": found.entropy_bits,
        "expected_regret": found.expected_regret,
        "axis_marginals": [list(marginal) for marginal in found.axis_marginals],
    }


def main() -> None:
    """Write the golden snapshots."""
    FOLDER.mkdir(exist_ok=True)
    for name in DEFINITIONS:
        text = json.dumps(snapshot(name), indent=1) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
