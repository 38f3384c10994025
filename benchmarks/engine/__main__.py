"""Time and memory of the engine, beside what the machine can do; RESULTS.md is written anew.

python -m benchmarks.engine [--cells 1e4,1e5] [--results 50,100] [--repeats 5] [--peer PYTHON]

Figures are CPU milliseconds of one thread, the fastest of some runs. An update is the whole
thing: P(best) from 256 joint samples, a ranked list of 64 cells with explanations, everything
that a snapshot stores. With a Python that has optuna and torch (peer.py says how to make one),
a part has one suggestion without P(best) beside Optuna's, at 10,000 cells. Another choice of
cells or results is printed and not written.
"""

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# The engine: time and memory\n"
CELLS, KNOWN = [1_000, 10_000, 100_000, 1_000_000], [50, 100]


def main() -> None:
    """Measure, print and write."""
    given = _arguments()
    os.environ |= dict.fromkeys(THREADS, "1")  # numpy reads them when it is first imported
    from benchmarks.engine import beside, timing  # and machine below, which imports numpy, too

    is_whole = (given.cells, given.results) == (CELLS, KNOWN)
    _part("grids", timing.table(given.cells, given.results, given.repeats), is_written=is_whole)
    if is_whole:
        _part("lazy", timing.lazy_table(given.repeats), is_written=is_whole)
    if given.peer:
        _part("peers", beside.table(given.repeats, given.peer), is_written=is_whole)


def _part(name: str, lines: Iterable[str], *, is_written: bool) -> None:
    """Print lines as they come, and put them into RESULTS.md."""
    shown = []
    for line in lines:
        print(line, flush=True)
        shown.append(line)
    if is_written:
        from benchmarks import sections
        from benchmarks.machine import stamp

        sections.write(RESULTS, TITLE, name, "\n".join(shown) + "\n", stamp())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    numbers: Callable[[str], list[int]] = lambda text: [int(float(n)) for n in text.split(",")]
    parser.add_argument("--cells", type=numbers, default=CELLS)
    parser.add_argument("--results", type=numbers, default=KNOWN)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer", metavar="PYTHON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
