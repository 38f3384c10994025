"""Each example is a worker that ends a study."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from beliefgrid_client import Client
from tests.support.missing import lacking

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKERS = {
    "worker.py": [sys.executable, str(EXAMPLES / "worker.py")],
    "curl.sh": ["bash", str(EXAMPLES / "curl.sh")],
    "worker.mjs": ["node", str(EXAMPLES / "worker.mjs")],
}
TOOLS = {"curl.sh": ("curl", "curl"), "worker.mjs": ("node", "nodejs")}  # and their packages


@pytest.mark.parametrize("name", WORKERS)
def test_an_example_works_until_the_study_is_over(name: str, server_url: str) -> None:
    """Asked, tried, told: six cells, each once, and the best is found."""
    command = WORKERS[name]
    tool, package = TOOLS.get(name, (sys.executable, ""))
    if shutil.which(tool) is None:
        lacking(tool, f"To run examples/{name}: apt-get install {package}")
    axes = {"x": [1, 2, 3], "y": [1, 2]}
    study = Client(server_url).create(name, parameters=axes)

    done = subprocess.run(
        [*command, study.id],
        env=os.environ | {"BELIEFGRID_URL": server_url},
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "over: exhausted"
    assert sorted(record.value or 0.0 for record in study.trials()) == [1, 2, 2, 2, 3, 3]
    assert study.best().assignments == {"x": 2, "y": 1}


def test_the_program_that_knows_nothing_of_us_prints_its_metric_last() -> None:
    """`train.py` takes the axes of `study.json` as arguments and ends with a number."""
    study = json.loads((EXAMPLES / "study.json").read_text())
    words = [
        w
        for p in study["parameters"]
        for w in (f"--{p['name']}", str(p["values"][2 % len(p["values"])]))
    ]

    done = subprocess.run(
        [sys.executable, EXAMPLES / "train.py", *words], check=True, capture_output=True, text=True
    )

    assert 0.0 < float(done.stdout.splitlines()[-1]) < 1.0
