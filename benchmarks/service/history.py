"""Whether a long history or many studies slow the service down.

    python -m benchmarks.service.history [--trials 0,10000,100000] [--studies 1,1000]
                                         [--databases sqlite,postgres] [--seconds 6] [--write]

A history is imported into one study, then the same load as in `load` runs in it. Beside many other
studies, it runs in one of them; among many, each step of a worker is in another one, and asks do
not wait for what the engine still has to learn of it. All have their first list before. The ratio
to the first line of its kind says what that costs; so does CPU of server and database, which other
programs disturb less.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import stamp
from benchmarks.service.driving import (
    Measured,
    System,
    ask_and_tell,
    drive,
    import_results,
    new_study,
    wait_until_current,
)
from benchmarks.service.systems import Databases, databases, ours
from benchmarks.service.wire import Wire

HERE = Path(__file__).parent
LEAST_RATIO = 0.9
# Of many studies: not their engine is measured. One alone must last for the whole load.
SMALL_GRID = [("a", 20), ("b", 20), ("c", 40)]
HEADING = (
    "| where | pairs/s | of the first | at least | server CPU, ms a pair | engine CPU "
    "| database CPU | server and database, of the first |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Measure and print."""
    options = _options()
    lines = [HEADING]
    for kind in options.databases.split(","):
        for sizes, measure in (
            (options.trials, _in_history),
            (options.studies, _beside_studies),
            (options.studies, _among_studies),
        ):
            with tempfile.TemporaryDirectory() as folder, databases(kind, Path(folder)) as lent:
                numbers = map(int, filter(None, sizes.split(",")))
                found = [measure(lent, number, options) for number in numbers]
            lines += _rows(found)
    print("\n".join(lines))
    if options.write:
        heading = ["# History", "", stamp(), "", f"`{' '.join(sys.argv[1:])}`", ""]
        (HERE / "HISTORY.md").write_text("\n".join([*heading, *lines]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", default="0,10000,100000")
    parser.add_argument("--studies", default="1,1000")
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--write", action="store_true", help="write HISTORY.md")
    return parser.parse_args()


def _rows(found: list[Measured]) -> Iterator[str]:
    for one in found:
        spent = (one.cpu_s, one.engine_s, one.database_s)
        costs = " | ".join(f"{1000 * s / one.pairs:.2f}" for s in spent)
        ratio = one.rate / found[0].rate
        cost = _cost(one) / _cost(found[0])
        yield (
            f"| {one.name} | {one.rate:.0f} | {ratio:.2f} | {LEAST_RATIO} | {costs} | {cost:.2f} |"
        )


def _cost(measured: Measured) -> float:
    return (measured.cpu_s + measured.database_s) / measured.pairs


def _in_history(lent: Databases, number: int, options: argparse.Namespace) -> Measured:
    with ours(lent, f"history{number}") as system:
        wire = system.wire()
        study = new_study(wire)
        import_results(wire, study, number)
        return _driven(system, wire, [study], f"{lent.kind}, after {number:,} trials", options)


def _beside_studies(lent: Databases, number: int, options: argparse.Namespace) -> Measured:
    with ours(lent, f"beside{number}") as system:
        wire = system.wire()
        studies = [new_study(wire, f"load {i}", SMALL_GRID) for i in range(number)]
        wait_until_current(wire, *studies)
        return _driven(system, wire, studies[:1], f"{lent.kind}, beside {number - 1:,}", options)


def _among_studies(lent: Databases, number: int, options: argparse.Namespace) -> Measured:
    with ours(lent, f"studies{number}") as system:
        wire = system.wire()
        studies = [new_study(wire, f"load {i}", SMALL_GRID) for i in range(number)]
        wait_until_current(wire, *studies)
        name = f"{lent.kind}, among {number:,} studies"
        return _driven(system, wire, studies, name, options, wait_seconds=0)


def _driven(
    system: System,
    wire: Wire,
    studies: list[str],
    name: str,
    options: argparse.Namespace,
    **said: Any,
) -> Measured:
    step = ask_and_tell(*studies, **said)
    step(wire, "first")  # it waits for the first list, or for the update after the import
    measured = drive(system, step, workers=options.workers, seconds=options.seconds)
    measured.name = name
    return measured


if __name__ == "__main__":
    main()
