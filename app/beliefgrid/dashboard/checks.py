"""Health checks of a study: what is wrong or worth knowing, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beliefgrid.actions.views import StudyView, WorkerView
from beliefgrid.dashboard.leader import leader_of
from beliefgrid.dashboard.numbers import address_level, ago, cell_text, count, level, percent

FEW = 5
MANY_FAILED = 0.25
QUIET_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Check:
    """A finding: how serious, what, and what to do."""

    tone: str
    text: str
    advice: str


def checks(
    study: StudyView,
    summary: Mapping[str, Any] | None,
    workers: Sequence[WorkerView],
    now: datetime,
) -> list[Check]:
    """Return what a person should know of a study, the gravest first."""
    found = [
        _error(study),
        _behind(study),
        _ended(study),
        _failures(study),
        _silence(study, workers, now),
        *(_worker(worker) for worker in workers),
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
        advice = "Every cell has its result. A finer or wider grid would be a new study."
    return Check("good", f"The study is {study.state}: {study.state_reason}.", advice)


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


def _worker(worker: WorkerView) -> Check | None:
    total = worker.completed + worker.failed
    if worker.failed < FEW or worker.failed < MANY_FAILED * total:
        return None
    return Check(
        "warn",
        f"Worker {worker.name}: {worker.failed} of {count(total, 'trial')} failed.",
        "Look at its machine before it is given more.",
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
    found = []
    for parameter in study.parameters:
        values = parameter["values"]
        if parameter["kind"] != "ordered" or len(values) < 3:  # noqa: PLR2004 - two levels are both ends
            continue
        at = leader["assignments"][parameter["name"]]
        ends = {address_level(min(values)): "smallest", address_level(max(values)): "largest"}
        if address_level(at) in ends:
            found.append(
                Check(
                    "warn",
                    f"The best cell ({cell_text(leader['assignments'])}, "
                    f"{percent(leader['p_best'])}) is at the {ends[address_level(at)]} "
                    f"{parameter['name']}, {level(at)}.",
                    "Better values may lie beyond: consider a level there in a new study.",
                )
            )
    return found
