"""What the demo searches: the seed's 3 x 3 grid, a larger one, or a definition from a file."""

import json
from pathlib import Path
from typing import Any

from beliefgrid_client import Client, Study, UnknownError

Definition = dict[str, Any]

LEARNING_RATE = "learning_rate"
LATENT_DIM = "latent_dim"
MSE = {"name": "mse", "goal": "minimize"}

SMALL: Definition = {
    "name": "MRI autoencoder, 3 x 3",
    "parameters": [
        {"name": LEARNING_RATE, "kind": "ordered", "scale": "log", "values": [0.001, 0.01, 0.1]},
        {"name": LATENT_DIM, "kind": "ordered", "scale": "log", "values": [8, 16, 32]},
    ],
    "metrics": [MSE],
    "noise": "none",  # the same combination gives the same number every time
    "notes": "The example of the paper, really run: held-out reconstruction error (mean squared, "
    "pixels from 0 to 1) of an autoencoder on axial slices of the ICBM152 T1 template.",
    "tags": ["demo"],
}

LARGE: Definition = {
    "name": "MRI autoencoder, 6 x 8 x 3",
    "parameters": [
        {
            "name": LEARNING_RATE,
            "kind": "ordered",
            "scale": "log",
            "values": [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1],
        },
        {
            "name": LATENT_DIM,
            "kind": "ordered",
            "scale": "log",
            "values": [4, 8, 12, 16, 24, 32, 48, 64],
        },
        {"name": "activation", "kind": "categorical", "values": ["tanh", "relu", "logistic"]},
    ],
    "metrics": [MSE],
    "noise": "none",
    "budget": {"trials": 48},
    "stopping": {"regret": 0.0001, "probability": 0.99, "action": "stop"},
    "notes": "The same autoencoder over 144 combinations, a third of them at most.",
    "tags": ["demo"],
}


class DefinitionError(ValueError):
    """The file is not a study's definition."""


def read_definition(path: Path) -> Definition:
    """Return the definition in a JSON file: the body of POST /api/v1/studies.

    Raises:
        DefinitionError: there is no such file, or it holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DefinitionError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict) or not {"parameters", "metrics"} <= set(found):
        raise DefinitionError(
            f"{path}: expected an object with name, parameters and metrics, the body of "
            "POST /api/v1/studies; docs/tutorial.md shows one"
        )
    return {"name": path.stem, **found}


def find_or_create(client: Client, definition: Definition, trials: int | None = None) -> Study:
    """Return the newest study of the definition's name, or a new one."""
    try:
        return client.study(str(definition["name"]))
    except UnknownError:
        budget = {"budget": {**definition.get("budget", {}), "trials": trials}} if trials else {}
        return client.create(**(definition | budget))


def goal_of(definition: Definition) -> tuple[str, bool]:
    """Return the name of the objective, and whether small is good."""
    objective = next(m for m in definition["metrics"] if m.get("role", "objective") == "objective")
    return str(objective["name"]), objective.get("goal", "minimize") == "minimize"
