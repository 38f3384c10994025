"""Time and memory of the engine, beside what the machine can do.

python -m benchmarks.engine [--cells 1e4,1e5] [--results 50,100] [--repeats 5] [--peer PYTHON]

Figures are CPU milliseconds of one thread, the fastest of some runs. An update is the whole
thing: P(best) from 256 joint samples, a ranked list of 64 cells with explanations, everything
that a snapshot stores. With a Python that has optuna and torch (peer.py says how to make one),
a second table has one suggestion without P(best) beside Optuna's, at 10,000 cells.
"""

import argparse
import os
from collections.abc import Callable

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Measure and print."""
    given = _arguments()
    os.environ |= dict.fromkeys(THREADS, "1")  # numpy reads them when it is first imported
    from benchmarks.engine.timing import table

    for line in table(given.cells, given.results, given.repeats):
        print(line, flush=True)
    if given.peer:
        from benchmarks.engine import beside

        for line in beside.table(10_000, given.repeats, given.peer):
            print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    numbers: Callable[[str], list[int]] = lambda text: [int(float(n)) for n in text.split(",")]
    parser.add_argument("--cells", type=numbers, default=[1_000, 10_000, 100_000])
    parser.add_argument("--results", type=numbers, default=[50, 100])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer", metavar="PYTHON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
