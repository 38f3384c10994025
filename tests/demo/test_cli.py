"""What `beliefgrid demo` says before it starts."""

import json
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from beliefgrid.demo import cli
from beliefgrid.demo.studies import LARGE, SMALL, DefinitionError, goal_of, read_definition

app = typer.Typer()
app.command()(cli.demo)


def test_a_missing_extra_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever installed the bare service reads which extra the demo needs."""
    real = find_spec

    def without(name: str) -> ModuleSpec | None:
        return None if name in ("nibabel", "sklearn") else real(name)

    monkeypatch.setattr(cli, "find_spec", without)

    result = CliRunner().invoke(app, [])

    assert result.exit_code == 2
    assert result.stderr == (
        "beliefgrid demo needs nibabel and scikit-learn, which are not installed: "
        'pip install "beliefgrid[demo]"\n'
    )


@pytest.mark.parametrize("words", [["--study", "x.json"], ["--command", "python train.py"]])
def test_a_study_of_ones_own_needs_a_command(words: list[str]) -> None:
    """Half of the pair is refused with a sentence."""
    result = CliRunner().invoke(app, words)

    assert result.exit_code == 2
    assert "--study and --command belong together" in result.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("[]", "expected an object with name")],
)
def test_a_bad_definition_is_refused_with_its_path(
    text: str | None, expected: str, tmp_path: Path
) -> None:
    """The sentence names the file and what was expected in it."""
    path = tmp_path / "study.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(DefinitionError, match=f"{path}.*{expected}"):
        read_definition(path)


def test_a_definition_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    """The name is what finds the study again after a restart."""
    path = tmp_path / "ridge.json"
    path.write_text(json.dumps({"parameters": [], "metrics": [{"name": "r2", "goal": "maximize"}]}))

    found = read_definition(path)

    assert found["name"] == "ridge"
    assert goal_of(found) == ("r2", False)


def test_the_larger_study_is_large_and_has_a_third_kind_of_axis() -> None:
    """The demo shows nine cells, and a grid that nobody would search by hand."""
    sizes = [len(parameter["values"]) for parameter in LARGE["parameters"]]

    assert sizes == [6, 8, 3]
    assert [len(p["values"]) for p in SMALL["parameters"]] == [3, 3]
    assert LARGE["parameters"][2]["kind"] == "categorical"
