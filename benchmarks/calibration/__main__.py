"""Compare what the engine believed with what was true, and draw the reliability diagram.

    python -m benchmarks.calibration TABLES     TABLES also from BELIEFGRID_TABLES

It uses the runs of `python -m benchmarks.quality`, and makes the ones that are missing. Each range
of sizes (--at-least, --at-most) has a part of its own in RESULTS.md; the diagram is of the first.
"""

from pathlib import Path

import numpy as np

from benchmarks import sections
from benchmarks.calibration.diagram import draw
from benchmarks.calibration.report import TITLE, Calibration, gather, section
from benchmarks.machine import stamp
from benchmarks.quality.runner import arguments, chosen_tables, complete

HERE = Path(__file__).parent
LEVELS = np.linspace(0.05, 0.95, 19)


def main() -> None:
    """Run what is missing, score, write RESULTS.md and reliability.svg."""
    given = arguments()
    tables = chosen_tables(given)
    runs = complete(given, tables)
    found = gather(tables, runs)
    results, diagram = where(given.results)
    title = f"## Tables of {given.at_least:,} to {given.at_most:,} cells"
    names = sorted({record["commit"] for seeds in runs.values() for record in seeds.values()})
    facts = f"{len(runs)} tables; runs of the quality benchmark, engine at {', '.join(names)}."
    text = "\n".join([title, "", facts, "", section(found)])
    sections.write(results, TITLE, f"from {given.at_least}", text, stamp())
    if given.at_least == 1:
        diagram.write_text(drawing(found), encoding="utf-8")
    print(text)


def where(results: Path) -> tuple[Path, Path]:
    """Return the files to write: these of this folder, unless others were asked for."""
    if results.parent.name == "quality":
        results = HERE / results.name
    return results, results.with_name("reliability.svg")


def drawing(found: Calibration) -> str:
    """Return the diagram: intervals of the next value, and sets of cells."""
    intervals = [(float(level), found.interval(float(level))) for level in LEVELS]
    return draw({"next value in its interval": intervals, "best cell in its set": found.sets()})


if __name__ == "__main__":
    main()
