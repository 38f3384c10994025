"""How long the fault tests run: a short form in CI, the full one with `make test-faults`."""

import os
from collections.abc import Callable
from typing import Any

import pytest

IS_FULL = os.environ.get("FAULTS", "short") == "full"
FIGURES: list[str] = []


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """Return how often to do a thing: `rounds(short, full)`."""
    return lambda short, full: full if IS_FULL else short


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
        terminalreporter.section("faults, " + ("full form" if IS_FULL else "short form"))
    for line in FIGURES:
        terminalreporter.write_line(line)
