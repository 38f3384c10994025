"""RESULTS.md: one section for each number of pending trials, replaced at each run."""

import numpy as np

from benchmarks.quality import records
from benchmarks.quality.regret import Areas, Comparison, compare, errors_above
from benchmarks.quality.runs import cpu_ms, repeats
from benchmarks.quality.tables import Table

RANDOM = "random_norep"
TITLE = """# Quality: regret on measured tables

Written by `make benchmark-quality`. Regret is (best so far - optimum) / (median of the table -
optimum), an area is its mean over the trials, a ratio is (area + 0.005) / (a peer's area + 0.005)
on one table; below 1 is better than the peer. A ± or x/ is one standard error.
"""


def section(
    tables: list[Table],
    ours: records.Records,
    peers: dict[str, records.Records],
    *,
    n_trials: int,
    q: int,
) -> str:
    """Return the figures of one setting."""
    mine = records.areas(ours, tables, n_trials)
    theirs = {name: records.areas(runs, tables, n_trials) for name, runs in peers.items()}
    theirs = {name: areas for name, areas in theirs.items() if areas}
    parts = [f"## {q} pending, {n_trials} trials\n", _facts(ours)]
    comparisons = [compare(mine, areas, name) for name, areas in theirs.items()]
    parts += [_comparisons([found for found in comparisons if found])]
    parts += [_beside_random(mine, theirs[RANDOM])] if RANDOM in theirs else []
    parts += [_tables(mine, theirs)]
    return "\n".join(parts)


def _facts(ours: records.Records) -> str:
    runs = [record for seeds in ours.values() for record in seeds.values()]
    engines = sorted({record["engine"] for record in runs})
    commits = sorted({record["commit"] for record in runs})
    times = cpu_ms(runs)
    return (
        f"{len(ours)} tables, {len(runs)} runs, engine {', '.join(engines)} at "
        f"{', '.join(commits)}; {repeats(runs)} repeated cells; CPU of an update with p_best: "
        f"median {np.median(times):.1f} ms, 95th of 100 {np.percentile(times, 95):.1f} ms.\n"
    )


def _comparisons(found: list[Comparison]) -> str:
    rows = ["| peer | tables | ratio of areas | x/ | worst table | its ratio |", "|" + "---|" * 6]
    for one in sorted(found, key=lambda one: one.geometric_mean):
        name, worst = one.worst
        cells = [one.peer, len(one.tables), f"{one.geometric_mean:.2f}", f"{one.error_factor:.2f}"]
        rows.append(_row([*cells, name, f"{worst:.2f}"]))
    return "\n".join(rows) + "\n"


def _beside_random(ours: Areas, theirs: Areas) -> str:
    errors = {
        name: errors_above(list(ours[name].values()), list(theirs[name].values()))
        for name in sorted(set(ours) & set(theirs))
    }
    worse = [
        f"{name} (by {value:.1f} standard errors)" for name, value in errors.items() if value > 2
    ]
    found = ", ".join(worse) if worse else "none"
    return f"Worse than random without replacement beyond two standard errors: {found}.\n"


def _tables(ours: Areas, theirs: dict[str, Areas]) -> str:
    names = sorted(theirs)
    rows = [_row(["table", "ours", "to best peer", *names]), "|" + "---|" * (len(names) + 3)]
    for name, areas in ours.items():
        peers = {peer: theirs[peer].get(name) for peer in names}
        rivals = [found for peer, found in peers.items() if found and peer != RANDOM]
        ratios = [compare({name: areas}, {name: found}, "") for found in rivals]
        worst = max((one.geometric_mean for one in ratios if one), default=float("nan"))
        found = [area(found) if found else "" for found in peers.values()]
        rows.append(_row([name, area(areas), f"{worst:.2f}", *found]))
    return "\n".join(rows) + "\n"


def area(areas: dict[int, float]) -> str:
    """Return the mean area of one table, with its standard error."""
    values = list(areas.values())
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{np.mean(values):.3f} ± {error:.3f}"


def _row(cells: list[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
