"""Health checks of a study: what is wrong or worth knowing, and what to do about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from beliefgrid.actions.views import StudyView, WorkerView
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.levels import level_beyond
from beliefgrid.dashboard.numbers import address_level, ago, cell_text, count, level, percent

FEW = 5
MANY_FAILED = 0.25
QUIET_FOR = timedelta(minutes=15)
ENOUGH = 20  # results, before the model may be called blind
MOSTLY_NOISE = 0.8
CONTRADICTED = 0.01  # p-value of the results under the prior
REPEATED = 3
MOST_NAMED = 3  # workers of one finding: a hundred lines would hide what else there is
MOST_REPEATS = 4  # of one cell: to measure it more often is a plan, with seeds of its own


@dataclass(frozen=True, slots=True)
class NewLevel:
    """A level that one click adds to the grid: as a form sends it, and as a person reads it."""

    name: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """A finding: how serious, what, and what to do."""

    tone: str
    text: str
    advice: str
    level: NewLevel | None = None


def checks(
    study: StudyView,
    summary: Mapping[str, Any] | None,
    workers: Sequence[WorkerView],
    now: datetime,
    *,
    theta: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
) -> list[Check]:
    """Return what a person should know of a study, the gravest first."""
    found = [
        _error(study),
        _behind(study),
        _ended(study),
        _failures(study),
        _silence(study, workers, now),
        _failing(workers),
        _lost(study, workers, now),
        _blind(study, summary, theta),
        _contradicted(summary),
        _same_seeds(study, known),
        _advice_to_stop(study, summary),
        *_border(study, summary),
    ]
    return [check for check in found if check is not None]


def _error(study: StudyView) -> Check | None:
    if not study.update_error:
        return None
    return Check(
        "bad",
        f"The posterior could not be computed: {study.update_error}",
        "Results are kept and suggestions go on from the last posterior; report this.",
    )


def _behind(study: StudyView) -> Check | None:
    if study.snapshot_seq >= study.result_seq or study.update_error:
        return None
    return Check(
        "warn",
        "The newest result is not in the posterior yet.",
        "It follows by itself, usually within a second.",
    )


def _ended(study: StudyView) -> Check | None:
    if study.state not in ("converged", "exhausted"):
        return None
    advice = "Raise the budget or resume the study to go on."
    if study.cells_tested >= study.n_cells:
        advice = "Every cell has its result. Add levels in the settings to go on."
    return Check("good", f"The study is {study.state}.", advice)  # the page's head says why


def _failures(study: StudyView) -> Check | None:
    bad = study.counts.get("failed", 0) + study.counts.get("expired", 0)
    total = sum(study.counts.values())
    if bad < FEW or bad < MANY_FAILED * total:
        return None
    return Check(
        "bad",
        f"{count(bad, 'trial')} of {total:,} failed or were lost.",
        "Look at their reasons on the Trials page.",
    )


def _silence(study: StudyView, workers: Sequence[WorkerView], now: datetime) -> Check | None:
    if study.state != "active" or study.counts.get("active"):
        return None
    if not workers:
        if study.started_at is None:
            return Check(
                "quiet", "No worker has asked yet.", "The API page has the lines that start one."
            )
        return None
    seen = max((worker.last_seen_at for worker in workers if worker.last_seen_at), default=None)
    if seen is None or now - seen < QUIET_FOR:
        return None
    return Check(
        "warn",
        f"No worker is active; the last sign was {ago((now - seen).total_seconds())}.",
        "Start one: the API page has the lines.",
    )


def _failing(workers: Sequence[WorkerView]) -> Check | None:
    found = [
        f"{one.name} {one.failed} of {count(one.completed + one.failed, 'trial')}"
        for one in workers
        if one.failed >= max(FEW, MANY_FAILED * (one.completed + one.failed))
    ]
    if not found:
        return None
    return Check(
        "warn",
        f"{_counted(found)} often failed: {_listed(found)}.",
        "Look at the machine before it is given more.",
    )


def _lost(study: StudyView, workers: Sequence[WorkerView], now: datetime) -> Check | None:
    if study.state != "active":
        return None
    found = [
        f"{one.name} {ago((now - one.last_seen_at).total_seconds())}"
        for one in workers
        if one.active and one.last_seen_at and now - one.last_seen_at >= QUIET_FOR
    ]
    if not found:
        return None
    return Check(
        "warn",
        f"{_counted(found)} may be lost; last signs: {_listed(found)}.",
        "A trial goes to another worker when its lease ends; look at the machine.",
    )


def _counted(found: Sequence[str]) -> str:
    return "A worker" if len(found) == 1 else f"{len(found):,} workers"


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def _blind(
    study: StudyView, summary: Mapping[str, Any] | None, theta: Mapping[str, Any] | None
) -> Check | None:
    """Say so where the fitted noise is most of what is seen: the parameters explain little."""
    n = (summary or {}).get("n_observations", 0)
    if not theta or n < ENOUGH or "log_noise" not in theta:
        return None
    excess = float(theta["log_signal"]) - float(theta["log_noise"])
    noise = 1 / (1 + math.exp(min(700.0, excess)))
    if noise < MOSTLY_NOISE:
        return None
    return Check(
        "warn",
        f"{study.metric} is hardly predictable: {percent(noise)} of its spread looks like noise.",
        "Average several seeds per result, train longer, or search parameters that matter more.",
    )


def _contradicted(summary: Mapping[str, Any] | None) -> Check | None:
    p_value = (summary or {}).get("prior_p_value")
    if p_value is None or p_value >= CONTRADICTED:
        return None
    return Check(
        "warn",
        "The results contradict the prior: were it right, such ones would come once in "
        f"{1 / max(p_value, 1e-9):,.0f} studies.",
        "It counts for less already; look at it on the Prior page, or remove it.",
    )


def _same_seeds(study: StudyView, known: Mapping[str, Any] | None) -> Check | None:
    """Say so where repeats of cells agree to the last digit although there should be noise."""
    if not known or study.definition.get("noise") == "none":
        return None
    tested = known["tested"]
    few = np.flatnonzero((tested.counts > 1) & (tested.counts <= MOST_REPEATS)).tolist()
    repeats = [tested.results(place) for place in few]
    if len(repeats) < REPEATED or any(len(set(values)) > 1 for values in repeats):
        return None
    return Check(
        "warn",
        f"{count(len(repeats), 'cell')} gave exactly the same {study.metric} again.",
        "Your runs probably share a seed, so repeats teach nothing: seed each by its trial number.",
    )


def _advice_to_stop(study: StudyView, summary: Mapping[str, Any] | None) -> Check | None:
    if study.state != "active" or not summary or not summary["should_stop"]:
        return None
    return Check(
        "good",
        f"It is known enough: {'; '.join(summary['reasons'])}.",
        "Stop here, or let it confirm the result.",
    )


def _border(study: StudyView, summary: Mapping[str, Any] | None) -> list[Check]:
    """Return the axes at whose end the best cell stands: the true best may lie beyond."""
    leader = leader_of(summary)
    if not leader or (summary or {}).get("n_observations", 0) < FEW:
        return []
    found: list[Check] = []
    for parameter in study.parameters:
        values = parameter["values"]
        if parameter["kind"] != "ordered" or len(values) < 3:  # noqa: PLR2004 - two levels are both ends
            continue
        at = leader["assignments"][parameter["name"]]
        ends = {address_level(min(values)): "smallest", address_level(max(values)): "largest"}
        if address_level(at) in ends:
            best = (
                f"The best cell ({cell_text(leader['assignments'])}, {percent(leader['p_best'])})"
            )
            where = f"the {ends[address_level(at)]} {parameter['name']}, {level(at)}."
            text = f"It is at {where}" if found else f"{best} is at {where}"
            advice = "Better values may lie beyond."
            found.append(Check("warn", text, advice, _beyond(parameter, at)))
    return found


def _beyond(parameter: Mapping[str, Any], end: Any) -> NewLevel | None:
    found = level_beyond(parameter, end)
    if found is None:
        return None
    return NewLevel(parameter["name"], address_level(found), level(found))
