"""The sentence that each page opens with, computed from what is known."""

from collections.abc import Mapping
from typing import Any

from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard.layout import finished, progress_text
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.numbers import PERCENT, cell_text, count, number, percent

Summary = Mapping[str, Any]
ENOUGH_TO_SAY_GAIN = 1e-12


def overview(study: StudyView, summary: Summary | None) -> str:
    """Say where a study stands: the best cell, how sure that is, what more trials would buy."""
    budget = (study.definition.get("budget") or {}).get("trials")
    done = finished(study)
    if summary is None:
        return f"The first posterior over {count(study.n_cells, 'cell')} is being computed."
    leader = leader_of(summary)
    if leader is None or not summary["n_observations"]:
        return (
            f"No result yet: {count(study.n_cells, 'cell')} to choose from, and before any data "
            f"{count(int(summary['cells_in_95']), 'cell')} hold 95{PERCENT} of the belief."
        )
    start = f"After {progress_text(done, budget)}: {cell_text(leader['assignments'])}"
    best = f"{start} is the best with {percent(leader['p_best'])}"
    return f"{best}; {_held(summary)}{_gain(study, summary)}."


def _held(summary: Summary) -> str:
    held = int(summary["cells_in_95"])
    return f"{count(held, 'cell')} {'holds' if held == 1 else 'hold'} 95{PERCENT}"


def _gain(study: StudyView, summary: Summary) -> str:
    gain = summary["expected_gain_10"]
    if study.state not in ("active", "paused") or gain is None:
        return ""
    if abs(gain) < ENOUGH_TO_SAY_GAIN:
        return "; more trials are expected to gain nothing"
    return f"; ten more trials are expected to gain {number(gain, 2)} {study.metric}"


def studies(shown: list[StudyView], *, is_filtered: bool, has_more: bool) -> str:
    """Say how many studies there are and which of them needs somebody."""
    if not shown:
        return "No study matches." if is_filtered else "There is no study yet."
    active = sum(study.state == "active" for study in shown)
    troubled = [study.name for study in shown if study.update_error]
    first = f"{count(len(shown), 'study', 'studies')}{' and more' if has_more else ''}"
    text = f"{first}: {active} active"
    ended = sum(study.state in ("converged", "exhausted") for study in shown)
    if ended:
        text += f", {ended} finished"
    if troubled:
        text += f"; {', '.join(troubled[:3])} cannot be updated"
    return f"{text}."


def trials(study: StudyView) -> str:
    """Say how a study's trials went."""
    counts = study.counts
    total = sum(counts.values())
    if not total:
        return "No trial yet: a worker that asks gets the first combination."
    order = ("completed", "active", "queued", "failed", "infeasible", "stopped", "expired")
    parts = [f"{counts[state]:,} {state}" for state in (*order, "cancelled") if counts.get(state)]
    tested = f"{study.cells_tested:,} of {count(study.n_cells, 'cell')} tested"
    return f"{count(total, 'trial')}: {', '.join(parts)}; {tested}."
