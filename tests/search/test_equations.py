"""The code and its explanation number the same equations."""

import re
from pathlib import Path

import beliefgrid.search

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\(([1-9]\d?\.\d)\)")


def test_every_equation_in_the_code_is_explained() -> None:
    """And every one that is explained is in the code."""
    package = Path(beliefgrid.search.__file__).parent
    in_code = {n for path in package.glob("*.py") for n in NUMBER.findall(path.read_text())}
    explained = (ROOT / "docs" / "explanation" / "engine.md").read_text()

    assert in_code == set(re.findall(r"^\* \((\d+\.\d)\)", explained, re.MULTILINE))
