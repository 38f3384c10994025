"""Measure the search against tables and peers, and write RESULTS.md.

python -m benchmarks.quality TABLES --peers RUNS     TABLES also from BELIEFGRID_TABLES
"""

from benchmarks import sections
from benchmarks.machine import stamp
from benchmarks.quality import records, report
from benchmarks.quality.runner import arguments, chosen_tables, complete


def main() -> None:
    """Run, compare, write."""
    given = arguments()
    tables = chosen_tables(given)
    ours = complete(given, tables)
    peers = {
        folder.name: records.read(folder, q=given.q)
        for folder in (sorted(given.peers.iterdir()) if given.peers else [])
        if folder.is_dir()
    }
    section = report.section(tables, ours, peers, n_trials=given.trials, q=given.q)
    sections.write(given.results, report.TITLE, f"q{given.q}", section, stamp())
    print(section)


if __name__ == "__main__":
    main()
