"""What the documentation shows is run, and shows what comes out."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from beliefgrid.actions.states import STUDY_STATES, TRIAL_STATES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "client" / "README.md", ROOT / "examples" / "README.md"]
PAGES += sorted(DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
