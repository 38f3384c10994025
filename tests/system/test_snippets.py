"""The lines of the API page do what they say, in each language that is here."""

import html
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from beliefgrid_client import Client, Study
from tests.support.missing import lacking

TRIALS = 3
AXES = {"x": [1, 2, 3], "a name": [1, 2]}


@dataclass(frozen=True, slots=True)
class Language:
    """How a snippet is run: the tool, its file, what stands before the lines, and how to get it."""

    tool: str
    file: str
    before: str
    install: str
    is_loop: bool = True
    runs_in: str = ""
    may_lack: bool = False

    @property
    def command(self) -> list[str]:
        """What runs the file, and the file."""
        return [self.runs_in or self.tool, self.file]


LANGUAGES = {
    "Python": Language(sys.executable, "w.py", "", "", is_loop=False),
    "curl": Language(
        "curl", "w.sh", "set -e\n", "apt-get install curl", is_loop=False, runs_in="bash"
    ),
    "JavaScript": Language(
        "node", "w.mjs", "const train = async (cell) => cell.x / 10;\n", "apt-get install nodejs"
    ),
    "R": Language(
        "Rscript",
        "w.R",
        "train <- function(cell) cell$x / 10\n",
        "apt-get install --no-install-recommends r-base-core r-cran-httr2 r-cran-jsonlite",
    ),
    "Julia": Language(  # not in Debian stable
        "julia",
        "w.jl",
        'train(cell) = cell["x"] / 10\n',
        "https://julialang.org",
        may_lack=True,
    ),
}


@pytest.fixture
def study(server_url: str) -> Study:
    """A study that ends after three trials."""
    return Client(server_url).create("snippets", parameters=AXES, budget={"trials": TRIALS})


def lines_of(server_url: str, study: Study, language: str) -> str:
    """Return the lines of one language, as a reader copies them from the page."""
    page = httpx2.get(f"{server_url}/studies/{study.id}/api").text
    found = re.search(rf"<h2[^>]*>\s*{language}\b.*?<pre[^>]*><code>(.*?)</code>", page, re.DOTALL)
    assert found is not None, language
    return html.unescape(found[1])


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_lines_of_the_page_work(
    name: str, server_url: str, study: Study, tmp_path: Path
) -> None:
    """Only `train` is put before them; they try three combinations and learn that it is over."""
    language = LANGUAGES[name]
    if shutil.which(language.tool) is None:
        cure = f"To run the {name} lines of the API page: {language.install}"
        lacking(language.tool, cure, may_lack=language.may_lack)
    code = lines_of(server_url, study, name)
    if name == "Python":  # its loop is the client's own, and `train` is in the lines
        code = code.replace("    ...  # train", '    return float(combination["x"]) / 10  # train')
    (tmp_path / language.file).write_text(language.before + code)

    done = subprocess.run(
        language.command,
        env=os.environ | {"BELIEFGRID_TOKEN": ""},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )

    told = [trial.value for trial in study.trials() if trial.value is not None]
    assert len(told) == (1 if name == "curl" else TRIALS), done.stderr
    if language.is_loop:
        assert done.returncode != 0
        assert "409" in done.stderr or "exhausted" in done.stderr or "spent" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
    if name != "curl":
        tried = [float(trial.assignments["x"]) for trial in study.trials()]
        assert told == [x / 10 for x in tried]
