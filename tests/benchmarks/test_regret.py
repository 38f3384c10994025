"""The figures that the verdict is about, on tables small enough to do by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.quality import records
from benchmarks.quality.regret import compare, errors_above, ratio, regret_curve
from benchmarks.quality.tables import Table, TableError, read_table, write_table

PARAMETERS: list[dict[str, Any]] = [
    {"name": "rate", "kind": "continuous", "scale": "log", "values": [0.001, 0.01]},
    {"name": "solver", "kind": "categorical", "values": ["a", "b", "c"]},
]


def table(values: list[float], goal: str = "minimize") -> Table:
    """Return a table of six cells or fewer."""
    return Table("small", tuple(PARAMETERS), goal, np.asarray(values, dtype=np.float64))


def test_the_area_is_the_mean_of_the_clipped_regret() -> None:
    """Optimum 1 and median 5: values 9, 5, 3, 1 are regrets 1, 1, 0.5, 0."""
    small = table([1, 3, 5, 7, 9])

    curve = regret_curve(small, [9, 5, 3, 1], 4)

    assert curve.tolist() == [1.0, 1.0, 0.5, 0.0]
    assert curve.mean() == 0.625


def test_a_maximised_table_is_the_mirror() -> None:
    """Maximising the negative gives the same regret."""
    small = table([-1, -3, -5, -7, -9], goal="maximize")

    assert regret_curve(small, [-9, -5, -3, -1], 4).mean() == 0.625


def test_the_median_of_an_even_number_is_the_worse_one() -> None:
    """As in the race that the targets were set with."""
    assert table([1, 2, 3, 4]).median == 3
    assert table([1, 2, 3, 4], goal="maximize").median == 2


def test_before_the_first_feasible_value_regret_is_one() -> None:
    """A trial that failed is a trial."""
    holed = table([1, 3, 5, 7, 9, math.nan])

    assert regret_curve(holed, [None, 3], 2).tolist() == [1.0, 0.5]


def test_a_run_that_ended_early_keeps_its_last_best() -> None:
    """A searcher that broke off is judged by what it found."""
    assert regret_curve(table([1, 3, 5, 7, 9]), [3], 3).tolist() == [0.5, 0.5, 0.5]


def test_no_more_trials_than_cells() -> None:
    """An area over 40 trials of a table of 5 cells is one over 5."""
    assert regret_curve(table([1, 3, 5, 7, 9]), [1], 40).size == 5


def test_ratios_are_floored_and_averaged_geometrically() -> None:
    """Ratios 0.5 and 2 have the mean 1; the floor is 0.005 on both sides."""
    ours = {"a": {0: 0.045}, "b": {0: 0.195}}
    theirs = {"a": {0: 0.095}, "b": {0: 0.095}, "c": {0: 0.1}}

    found = compare(ours, theirs, "peer")

    assert found is not None
    assert found.tables == ("a", "b")
    assert found.geometric_mean == pytest.approx(1.0)
    assert found.worst[0] == "b"
    assert found.worst[1] == pytest.approx(2.0)
    assert compare(ours, {"z": {0: 1.0}}, "peer") is None
    assert ratio([0.0], [0.0]) == 1.0


def test_errors_above_counts_standard_errors() -> None:
    """Means 2 and 1 with errors 0.3 and 0.4 are two errors of 0.5 apart."""
    ours = [2 - 0.3, 2 + 0.3]
    theirs = [1 - 0.4, 1 + 0.4]

    assert errors_above(ours, theirs) == pytest.approx(2.0)
    assert errors_above([1.0], [1.0]) == 0.0
    assert errors_above([2.0], [1.0]) == math.inf


def test_replicates_are_averaged_and_blanks_are_infeasible(tmp_path: Path) -> None:
    """A blank in any replicate, and a combination that is absent, are holes."""
    rows = [
        [0.001, "a", 1.0],
        [0.001, "a", 2.0],
        [0.001, "b", 3.0],
        [0.001, "b", ""],
        ["1e-2", "c", 7.0],
    ]
    write_table(tmp_path / "small", PARAMETERS, iter(rows), goal="maximize")

    found = read_table(tmp_path / "small")

    assert found.goal == "maximize"
    assert found.values.tolist() == pytest.approx(
        [1.5, math.nan, math.nan, math.nan, math.nan, 7.0], nan_ok=True
    )
    assert found.best_cells().tolist() == [5]


def test_a_value_off_the_grid_is_refused(tmp_path: Path) -> None:
    """A table whose rows do not fit its levels is not guessed at."""
    write_table(tmp_path / "small", PARAMETERS, iter([[0.5, "a", 1.0]]), goal="minimize")

    with pytest.raises(TableError, match=r"got '0\.5'"):
        read_table(tmp_path / "small")


def test_a_log_axis_with_a_zero_is_ranked() -> None:
    """A user whose levels include 0 would choose the scale `rank`."""
    axes = [{"name": "decay", "kind": "continuous", "scale": "log", "values": [0, 0.1, 1]}]
    small = Table("small", tuple(axes), "minimize", np.arange(3.0))

    assert small.definition(0)["parameters"][0]["scale"] == "rank"
    assert table([1.0]).definition(0)["parameters"][0]["scale"] == "log"


def test_stored_runs_survive_a_cut_line(tmp_path: Path) -> None:
    """A benchmark that was killed while it wrote goes on."""
    path = tmp_path / "runs.jsonl"
    record = {"table": "small", "seed": 3, "T": 4, "q": 1, "trials": [[0, 9, 9], [1, 1, 1]]}
    records.append(path, record)
    path.write_text(path.read_text() + '{"table": "sm')

    found = records.read(path, q=1)

    assert found == {"small": {3: record}}
    assert records.read(path, q=8) == {}
    assert records.areas(found, [table([1, 3, 5, 7, 9])], 4) == {"small": {3: 0.25}}
