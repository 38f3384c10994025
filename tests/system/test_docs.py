"""What the documentation shows is run, and shows what comes out."""

import contextlib
import dataclasses
import io
import re
from pathlib import Path

import pytest

from beliefgrid import cli
from beliefgrid.actions.states import STUDY_STATES, TRIAL_STATES
from beliefgrid.settings import Settings, variable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "client" / "README.md", ROOT / "examples" / "README.md"]
PAGES += sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARIABLE = re.compile(r"BELIEFGRID_[A-Z_]+[A-Z]")
COMMAND = re.compile(r"(?:^\$ (?:[A-Z_]+=\S+ )*|`)beliefgrid ([a-z]+)", re.MULTILINE)
OF_THE_CLIENT = {"BELIEFGRID_" + name for name in ("URL", "TOKEN", "WORKER", "SPOOL", "TRIAL")}
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.slow
def test_the_tutorial_prints_what_it_shows(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block of Python is run in order; the block of text after it is what it printed."""
    monkeypatch.setenv("BELIEFGRID_URL", server_url)
    names: dict[str, object] = {}
    shown: list[str] = []
    printed: list[str] = []

    for kind, block in BLOCK.findall((DOCS / "tutorial.md").read_text()):
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, "docs/tutorial.md", "exec"), names)  # noqa: S102 - our own page
            printed += [out.getvalue()] if out.getvalue() else []
        elif kind == "text":
            shown.append(block)

    assert printed == shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """A page that was moved takes its links along."""
    missing = [
        target
        for target in LINK.findall(page.read_text())
        if not (page.parent / target.strip()).exists()
    ]

    assert not missing


def test_the_glossary_has_every_state() -> None:
    """A state that the service knows is explained."""
    glossary = (DOCS / "glossary.md").read_text()

    missing = [s for s in (*TRIAL_STATES, *STUDY_STATES) if f"| {s} |" not in glossary]

    assert not missing


def test_python_on_every_page_can_be_compiled() -> None:
    """No page shows Python with a typing error in it."""
    for page in PAGES:
        for kind, block in BLOCK.findall(page.read_text()):
            if kind == "python":
                compile(block, str(page), "exec")


def test_every_variable_on_a_page_is_read_by_somebody() -> None:
    """A setting that was renamed is renamed on the pages too."""
    known = {variable(field.name) for field in dataclasses.fields(Settings)} | OF_THE_CLIENT
    named = {name for page in PAGES for name in VARIABLE.findall(page.read_text())}

    assert {"BELIEFGRID_HOST", "BELIEFGRID_URL"} <= named
    assert named <= known


def test_every_command_on_a_page_exists() -> None:
    """A page shows no command that `beliefgrid --help` does not list."""
    groups = {group.name for group in cli.app.registered_groups}
    commands = cli.app.registered_commands
    known = groups | {c.name or (c.callback.__name__ if c.callback else "") for c in commands}
    named = {name for page in PAGES for name in COMMAND.findall(page.read_text())}

    assert {"serve", "demo", "token"} <= named
    assert named - {"is"} <= known
