"""How many results a second the service takes, and what each costs, beside the bare floor.

    python -m benchmarks.service.load [--workers 16] [--seconds 10] [--databases sqlite,postgres]
                                      [--rate PAIRS] [--half] [--peer [PYTHON]] [--write]

Everything runs on this machine: the load, the server, the database. Each worker asks and tells
on a connection of its own, authentication on. `--half` runs ours once more at half the rate that
it just reached, which is where its latencies count. `--peer` also drives Optuna's RDB storage with
as many processes: with the Python that has optuna, or this one. `--write` puts the table into
LOAD.md.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import stamp
from benchmarks.service import peer
from benchmarks.service.driving import (
    GRID,
    HEADING,
    Measured,
    Step,
    ask_and_tell,
    drive,
    must,
    new_study,
    wait_until_current,
)
from benchmarks.service.systems import Databases, databases, floor, ours
from benchmarks.service.wire import Wire

HERE = Path(__file__).parent


def main() -> None:
    """Measure and print."""
    options = _options()
    lines = [HEADING]
    for kind in options.databases.split(","):
        with tempfile.TemporaryDirectory() as folder, databases(kind, Path(folder)) as lent:
            lines += [measured.row() for measured in _measured(lent, options)]
    print("\n".join(lines))
    if options.write:
        said = " ".join("PYTHON" if word == options.peer else word for word in sys.argv[1:])
        heading = ["# Load", "", stamp(), "", f"`{said}`", ""]
        (HERE / "LOAD.md").write_text("\n".join([*heading, *lines]) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--rate", type=float, help="pairs a second in all; default: all there are")
    parser.add_argument("--half", action="store_true", help="once more at half the rate reached")
    parser.add_argument(
        "--peer", nargs="?", const=sys.executable, metavar="PYTHON", help="also drive Optuna's RDB"
    )
    parser.add_argument("--write", action="store_true", help="write LOAD.md")
    return parser.parse_args()


def _measured(lent: Databases, options: argparse.Namespace) -> list[Measured]:
    load = {"workers": options.workers, "seconds": options.seconds}
    with floor(lent) as system:
        found = [drive(system, _store_twice, rate=options.rate, **load)]
    with ours(lent) as system:
        found.append(drive(system, _warm(system.wire()), rate=options.rate, **load))
    if options.half:
        # A server of its own: the other's engine still computes what came at the full rate.
        with ours(lent, "half") as system:
            at_half = drive(system, _warm(system.wire()), rate=found[-1].rate / 2, **load)
        at_half.name += ", half the rate"
        found.append(at_half)
    if options.peer:
        told = peer.drive(lent.new_url("peer"), python=options.peer, grid=GRID, **load)
        found.append(Measured(**told | {"name": f"{told['name']}, {lent.kind}"}))
    return found


def _warm(wire: Wire) -> Step:
    """Return a step on a new study whose list is there: asks are measured, not the start."""
    study = new_study(wire)
    step = ask_and_tell(study)
    step(wire, "first")
    wait_until_current(wire, study)
    return step


def _store_twice(wire: Wire, _worker: str) -> tuple[float, float]:
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        must(wire.call("POST", "/rows", {"value": 0.5}))
        spent.append(time.perf_counter() - began)
    return spent[0], spent[1]


if __name__ == "__main__":
    main()
