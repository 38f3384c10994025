"""How long the fault tests run: a short form in CI, the full one with `make test-faults`.

`FAULTS=longest` is the full one with what takes many minutes by itself.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

FORM = os.environ.get("FAULTS", "short")
if FORM not in ("short", "full", "longest"):
    raise pytest.UsageError(f"expected FAULTS=short, full or longest, got {FORM!r}")
IS_FULL, IS_LONGEST = FORM in ("full", "longest"), FORM == "longest"
FIGURES: list[str] = []


@pytest.fixture(scope="session")
def rounds() -> Callable[..., int]:
    """Return how often to do a thing: `rounds(short, full)`, or `rounds(short, full, longest)`."""
    return lambda short, full, longest=None: (
        longest if IS_LONGEST and longest else full if IS_FULL else short
    )


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Put figures of a run into the last lines of the report."""

    def note(**figures: Any) -> None:
        words = ", ".join(f"{name} {value}" for name, value in figures.items())
        FIGURES.append(f"{request.node.name}: {words}")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all runs."""
    if FIGURES:
        terminalreporter.section("faults, " + f"{FORM} form")
    for line in FIGURES:
        terminalreporter.write_line(line)
