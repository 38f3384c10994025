"""Grids that are looked at by candidates, beside the same grids written out.

python -m benchmarks.quality.lazy TABLES --at-least 20001 --at-most 150000 --seeds 3

Both roads run on the same tables with the same seeds; the engine is told that no grid can be
written out. Tables above 20,000 cells are taken because candidates are nearly all cells of a
smaller one, and because nothing was tuned on them.
"""

import math

import numpy as np

from benchmarks import sections
from benchmarks.calibration.report import INTERVALS, Calibration, gather
from benchmarks.calibration.scores import SHARES
from benchmarks.machine import stamp
from benchmarks.quality import records, report
from benchmarks.quality.regret import compare
from benchmarks.quality.runner import arguments, chosen_tables, complete
from benchmarks.quality.tables import Table


def main() -> None:
    """Run both roads, compare, write."""
    given = arguments()
    tables = chosen_tables(given)
    roads = [complete(given, tables, is_lazy=is_lazy) for is_lazy in (False, True)]
    section = compared(tables, roads[0], roads[1], n_trials=given.trials)
    sections.write(given.results, report.TITLE, "lazy", section, stamp())
    print(section)


def compared(
    tables: list[Table], whole: records.Records, lazy: records.Records, *, n_trials: int
) -> str:
    """Return areas, scores and coverage of both roads as Markdown."""
    areas = [records.areas(runs, tables, n_trials) for runs in (whole, lazy)]
    found = compare(areas[1], areas[0], "written out")
    if found is None:
        raise SystemExit("no table is of this size")
    beliefs = [gather(tables, runs) for runs in (whole, lazy)]
    n_runs = sum(len(seeds) for seeds in areas[0].values())
    facts = (
        f"{len(areas[0])} tables, {n_runs} runs a road. Ratio of areas {found.geometric_mean:.2f}, "
        f"x/ {found.error_factor:.2f}; nats are above uniform.\n"
    )
    lines = [
        f"## By candidates, beside written out: 1 pending, {n_trials} trials\n",
        facts,
        "| table | cells | area, written out | by candidates | nats, written out | by candidates |",
        "|" + "---|" * 6,
    ]
    for table in tables:
        cells = [table.name, f"{table.n_cells:,}"]
        cells += [report.area(area[table.name]) for area in areas]
        cells += [f"{_score(belief, table):+.2f}" for belief in beliefs]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _coverage(beliefs[0], beliefs[1])])


def _score(belief: Calibration, table: Table) -> float:
    scores = [check["log_score"] for of, _, check in belief.checks if of.name == table.name]
    return float(np.mean(scores)) if scores else math.nan


def _coverage(whole: Calibration, lazy: Calibration) -> str:
    lines = ["| held, of what was said | written out | by candidates |", "|---|---|---|"]
    for share in SHARES:
        cells = [f"{covers:.2f} / {mass:.2f}" for mass, covers in _sets(share, whole, lazy)]
        lines.append(f"| {share:.0%} sets: covered / own mass | {cells[0]} | {cells[1]} |")
    for level in INTERVALS:
        cells = [f"{belief.interval(level):.3f}" for belief in (whole, lazy)]
        lines.append(f"| {level:.0%} interval of the next value | {cells[0]} | {cells[1]} |")
    scores = ["{:+.2f} ± {:.2f}".format(*belief.log_score()) for belief in (whole, lazy)]
    lines.append(f"| nats above uniform | {scores[0]} | {scores[1]} |")
    return "\n".join(lines) + "\n"


def _sets(share: float, *beliefs: Calibration) -> list[tuple[float, float]]:
    return [belief.set_of(share) for belief in beliefs]


if __name__ == "__main__":
    main()
