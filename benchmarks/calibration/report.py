"""The figures of the calibration benchmark, from the runs of the quality benchmark."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration.scores import SHARES, interval_coverage
from benchmarks.quality.records import Records
from benchmarks.quality.runs import CHECKPOINTS
from benchmarks.quality.tables import Table

INTERVALS = (0.5, 0.8, 0.95)
TITLE = """# Calibration: what was believed, and what was true

Written by `make benchmark-calibration`. The log score is by how many nats the belief in the true
optimum (p_best) is above a uniform belief, after so many results; a set is the fewest cells that
hold a share of p_best, and it should hold the optimum as often as its own mass says; an interval is
the central one of the next value, as it is stored with the suggestion.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """All checks, and the predictions as rows of mean, scale, degrees, value."""

    checks: tuple[tuple[Table, int, dict[str, Any]], ...]
    predictions: NDArray[np.float64]

    def interval(self, level: float) -> float:
        """Return how often the interval of a level holds the next value."""
        return float(interval_coverage(self.predictions, np.asarray([level]))[0])

    def log_score(self, n: int | None = None, kind: str | None = None) -> tuple[float, float]:
        """Return the mean over tables, and its standard error."""
        by_table: dict[str, list[float]] = {}
        for table, after, check in self.checks:
            if n in {None, after} and kind in {None, kind_of(table)}:
                by_table.setdefault(table.name, []).append(check["log_score"])
        means = [float(np.mean(scores)) for scores in by_table.values()]
        error = float(np.std(means, ddof=1)) / len(means) ** 0.5 if len(means) > 1 else 0.0
        return (float(np.mean(means)) if means else float("nan")), error

    def set_of(self, share: float, n: int | None = None) -> tuple[float, float]:
        """Return the mean mass of the sets of a share, and how often they hold the optimum."""
        rows = [
            (mass, covers)
            for _, after, check in self.checks
            for found, mass, covers in check["sets"]
            if found == share and n in {None, after}
        ]
        mass, covers = np.mean(rows, axis=0)
        return float(mass), float(covers)

    def sets(self) -> list[tuple[float, float]]:
        """Return a point of mass and coverage for each share and number of results."""
        return [self.set_of(share, n) for share in SHARES for n in self.counts]

    @property
    def counts(self) -> list[int]:
        return [n for n in CHECKPOINTS if any(after == n for _, after, _ in self.checks)]

    @property
    def kinds(self) -> list[str]:
        return sorted({kind_of(table) for table, _, _ in self.checks})


def kind_of(table: Table) -> str:
    """Return the kind of problem: what its axes are, and whether it has holes."""
    categorical = [axis["kind"] == "categorical" for axis in table.parameters]
    axes = "categorical" if all(categorical) else "mixed" if any(categorical) else "numeric"
    return f"{axes}, with holes" if np.isnan(table.values).any() else axes


def gather(tables: list[Table], runs: Records) -> Calibration:
    """Return the checks and predictions of all runs."""
    checks = []
    predictions: list[NDArray[np.float64]] = []
    for table in tables:
        for record in runs.get(table.name, {}).values():
            checks += [(table, int(n), check) for n, check in record["checkpoints"].items()]
            predictions += [np.asarray(record["next_values"]).reshape(-1, 4)]
    return Calibration(tuple(checks), np.concatenate(predictions))


def section(found: Calibration) -> str:
    """Return the figures as Markdown."""
    return "\n".join([_scores(found), _sets(found), _intervals(found)])


def _scores(found: Calibration) -> str:
    counts = found.counts
    rows = [_row(["log score above uniform, nats", *(f"n = {n}" for n in counts), "all"])]
    rows += ["|" + "---|" * (len(counts) + 2)]
    for kind in [None, *found.kinds]:
        cells = [_with_error(found.log_score(n, kind)) for n in [*counts, None]]
        rows.append(_row([kind or "all tables", *cells]))
    return "\n".join(rows) + "\n"


def _sets(found: Calibration) -> str:
    counts = found.counts
    rows = [_row(["sets: covered / own mass", *(f"n = {n}" for n in counts), "all"])]
    rows += ["|" + "---|" * (len(counts) + 2)]
    for share in SHARES:
        pairs = [found.set_of(share, n) for n in [*counts, None]]
        cells = [f"{covers:.2f} / {mass:.2f}" for mass, covers in pairs]
        rows.append(_row([f"{share:.0%}", *cells]))
    return "\n".join(rows) + "\n"


def _intervals(found: Calibration) -> str:
    rows = [_row(["interval of the next value", "covered"]), "|---|---|"]
    rows += [_row([f"{level:.0%}", f"{found.interval(level):.3f}"]) for level in INTERVALS]
    return "\n".join(rows) + "\n"


def _with_error(score: tuple[float, float]) -> str:
    return f"{score[0]:+.2f} ± {score[1]:.2f}"


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
