"""Commands, run as a person or a script runs them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from beliefgrid import cli


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


class Run(Protocol):
    """Runs one command to its end."""

    def __call__(self, database_url: str, *words: str) -> Ran: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs one command in this process, which saves the start of another."""
    monkeypatch.chdir(tmp_path)

    def run_here(database_url: str, *words: str) -> Ran:
        monkeypatch.setenv("BELIEFGRID_DATABASE_URL", database_url)
        monkeypatch.setattr(sys, "argv", ["beliefgrid", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    return run_here
