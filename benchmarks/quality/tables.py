"""Measured tables: a finite grid with one value a combination.

A table is a folder with `meta.json` (parameters in order, metrics) and `table.csv` or
`table.csv.gz` (a row a combination, or a combination and replicate). Replicates are averaged; a
combination that is blank in any replicate, or absent, is infeasible.
"""

import csv
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-6  # how far a number in table.csv may be from its level, as a share of it


class TableError(ValueError):
    """A folder does not hold a table that this benchmark can read."""


@dataclass(frozen=True, slots=True)
class Table:
    """One measured grid; `values` is (G,), NaN where the combination is infeasible."""

    name: str
    parameters: tuple[dict[str, Any], ...]
    goal: str
    values: NDArray[np.float64]

    @property
    def n_cells(self) -> int:
        return self.values.size

    @property
    def ranked(self) -> NDArray[np.float64]:
        """Return the feasible values, best first."""
        values = np.sort(self.values[~np.isnan(self.values)])
        return values[::-1] if self.goal == "maximize" else values

    @property
    def best(self) -> float:
        return float(self.ranked[0])

    @property
    def median(self) -> float:
        """Return the value in the middle, the later one of two."""
        ranked = self.ranked
        return float(ranked[ranked.size // 2])

    def best_cells(self) -> NDArray[np.int64]:
        """Return the cells that hold the optimum: more than one where several tie."""
        return np.flatnonzero(self.values == self.best)

    def definition(self, seed: int) -> dict[str, Any]:
        """Return the study that a user would create for this grid."""
        return {
            "name": self.name,
            "parameters": [_axis(parameter) for parameter in self.parameters],
            "metrics": [{"name": "value", "goal": self.goal, "role": "objective"}],
            "seed": seed,
        }


def read_table(folder: Path) -> Table:
    """Return the table of a folder, with its first metric.

    Raises:
        TableError: a value of a parameter is none of its levels.
    """
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    parameters = tuple(meta["parameters"])
    metric = meta["metrics"][0]
    maximize = str(metric.get("direction", "minimize")).startswith("max")
    values = np.full(math.prod(len(parameter["values"]) for parameter in parameters), np.nan)
    for cell, replicates in _replicates(folder, parameters, metric["name"]).items():
        values[cell] = sum(replicates) / len(replicates)
    return Table(
        name=folder.name,
        parameters=parameters,
        goal="maximize" if maximize else "minimize",
        values=values,
    )


def find_tables(root: Path, *, at_most: int) -> list[Table]:
    """Return the tables below a folder that have at most so many cells, smallest first."""
    folders = [path.parent for path in sorted(root.glob("*/meta.json"))]
    tables = [read_table(folder) for folder in folders if _n_cells(folder) <= at_most]
    return sorted(tables, key=lambda table: (table.n_cells, table.name))


def _n_cells(folder: Path) -> int:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return math.prod(len(parameter["values"]) for parameter in meta["parameters"])


def _replicates(
    folder: Path, parameters: tuple[dict[str, Any], ...], metric: str
) -> dict[int, list[float]]:
    shape = [len(parameter["values"]) for parameter in parameters]
    found: defaultdict[int, list[float]] = defaultdict(list)
    with _open(folder) as file:
        for row in csv.DictReader(file):
            levels = [_level(parameter, row[parameter["name"]]) for parameter in parameters]
            found[int(np.ravel_multi_index(levels, shape))].append(_number(row[metric]))
    return found


def _open(folder: Path) -> TextIO:
    plain = folder / "table.csv"
    if plain.exists():
        return plain.open(encoding="utf-8", newline="")
    return gzip.open(folder / "table.csv.gz", "rt", encoding="utf-8", newline="")


def _level(parameter: dict[str, Any], text: str) -> int:
    values = parameter["values"]
    for level, value in enumerate(values):
        if str(value) == text:
            return level
    wanted = _number(text)
    for level, value in enumerate(values):
        if abs(_number(value) - wanted) <= ROUNDING * abs(wanted):
            return level
    raise TableError(f"expected one of {values} for {parameter['name']}, got {text!r}")


def _number(value: Any) -> float:
    """Return a number, or NaN for what is none or not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _axis(parameter: dict[str, Any]) -> dict[str, Any]:
    axis = {"name": parameter["name"], "values": parameter["values"]}
    if parameter["kind"] == "categorical":
        return axis | {"kind": "categorical"}
    return axis | {"kind": "ordered", "scale": _scale(parameter)}


def _scale(parameter: dict[str, Any]) -> str:
    """Return the scale that a user would choose: a log needs levels above zero."""
    scale = str(parameter.get("scale") or "linear")
    if not all(_is_number(value) for value in parameter["values"]):
        return "rank"
    return "rank" if scale == "log" and min(parameter["values"]) <= 0 else scale


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def write_table(
    folder: Path, parameters: list[dict[str, Any]], rows: Iterator[list[Any]], *, goal: str
) -> None:
    """Write a small table in this format, for tests."""
    folder.mkdir(parents=True)
    meta = {"parameters": parameters, "metrics": [{"name": "value", "direction": goal}]}
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(parameter["name"] for parameter in parameters), "value"])
        writer.writerows(rows)
