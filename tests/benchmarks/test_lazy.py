"""The same grid by candidates and written out, and the parts of a file of results."""

from pathlib import Path

import numpy as np
import pytest

from beliefgrid.search import grid
from benchmarks import sections
from benchmarks.quality.lazy import compared
from benchmarks.quality.runs import run
from benchmarks.quality.tables import Table

AXES = tuple(
    {"name": name, "kind": "integer", "scale": "linear", "values": [1, 2, 3, 4]} for name in "ab"
)
TABLE = Table("small", AXES, "minimize", np.arange(16.0))


def test_both_roads_are_scored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A belief by candidates is scored over all cells, as one that is written out."""
    whole = run(TABLE, seed=0, n_trials=10, q=1)
    monkeypatch.setattr(grid, "MAX_WRITTEN_OUT", 0)
    lazy = run(TABLE, seed=0, n_trials=10, q=1)

    text = compared([TABLE], {"small": {0: whole}}, {"small": {0: lazy}}, n_trials=10)

    assert [trial[0] for trial in whole["trials"]] == [trial[0] for trial in lazy["trials"]]
    assert set(lazy["checkpoints"]) == {"6", "10"}
    assert "| small | 16 |" in text
    assert "1 tables, 1 runs a road. Ratio of areas 1.00" in text


def test_a_part_is_written_anew_and_the_rest_stays(tmp_path: Path) -> None:
    """Figures of other settings and what is kept by hand survive a run."""
    path = tmp_path / "RESULTS.md"
    sections.write(path, "# Title\n", "q1", "one", "today.")
    path.write_text(path.read_text() + "\nBy hand.\n")

    sections.write(path, "# Title\n", "q8", "eight", "today.")
    sections.write(path, "# Title\n", "q1", "one again", "today.")

    parts = ["# Title", "one again", "end of q1", "eight", "end of q8", "By hand."]
    text = path.read_text()
    assert sorted(parts, key=text.index) == parts
    assert "one\n" not in text
