"""Lines to copy: how to fill what is empty, for the address that the reader is at."""

import json
from typing import Any

from beliefgrid.actions.views import StudyView

EXAMPLE: dict[str, Any] = {
    "name": "autoencoder",
    "parameters": [
        {"name": "learning_rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
        {"name": "latent_dim", "kind": "ordered", "values": [8, 16, 32], "scale": "log"},
    ],
    "metrics": [{"name": "mse", "goal": "minimize"}],
}


def first_study(base_url: str) -> str:
    """Return the lines that create a study."""
    lines = (f' "{key}": {json.dumps(value)}' for key, value in EXAMPLE.items())
    body = "{" + ",\n".join(lines).replace("}, {", "},\n   {") + "}"
    return (
        f"curl -X POST {base_url.rstrip('/')}/api/v1/studies \\\n"
        f"  -H 'Content-Type: application/json' -d '{body}'"
    )


def curl(base_url: str, study: StudyView) -> str:
    """Return a worker's loop as two requests of curl."""
    at = f"{base_url.rstrip('/')}/api/v1/studies/{study.id}"
    return (
        "# ask for a combination\n"
        f"curl -X POST {at}/suggestions \\\n"
        """  -H 'Content-Type: application/json' -d '{"worker": "my-machine"}'\n\n"""
        f"# tell its {study.metric}; 12 is the trial's number in the answer\n"
        f"curl -X POST {at}/trials/12/observation \\\n"
        """  -H 'Content-Type: application/json' -d '{"value": 0.15}'\n"""
    )


def python(base_url: str, study: StudyView) -> str:
    """Return a worker in Python with our client."""
    names = [parameter["name"] for parameter in study.parameters]
    given = ", ".join(name for name in names if name.isidentifier()) or "**combination"
    return (
        "# pip install beliefgrid-client\n"
        "from beliefgrid_client import Client\n\n\n"
        f"def train({given}):\n"
        f"    ...  # return the {study.metric}, to {study.goal}\n\n\n"
        f'study = Client("{base_url.rstrip("/")}").study("{study.id}")\n'
        "study.run(lambda combination: train(**combination))\n"
    )
