"""What a study has taught so far, and how good its predictions were."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.storage import snapshots, trial_lists
from beliefgrid.storage.rows import AnyRow

CONFLICT_BELOW = 0.05
# Half widths, in sds of a normal, of the intervals that hold these shares of it.
INTERVALS = {0.5: 0.6744897501960817, 0.8: 1.2815515655446004, 0.95: 1.959963984540054}
MOST_POINTS = 1_000
SHOWN = ("number", "mean", "sd", "value", "z")  # of a prediction


@dataclass(frozen=True, slots=True)
class Information:
    """What each update taught, in bits."""

    items: list[dict[str, Any]]
    total_bits: float
    prior_bits: float | None
    entropy_bits: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predictions that were stored before the results came, beside these results."""

    predictions: int
    coverage: list[dict[str, float]]
    mean_log_score: float | None
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PriorView:
    """A prior, and whether the data contradict it."""

    prior: dict[str, Any] | None
    p_value: float | None
    power: float | None
    is_in_conflict: bool
    seq: int


def information(c: Connection, study_id: str) -> Information:
    """Return the bits that each update taught; they sum to prior entropy less entropy now.

    Results that came in together share what they taught in equal parts. An update without a new
    result, after an edit of the prior or a deletion, is a line of its own.
    """
    known = read.progress(c, study_id, limit=100_000)
    told = iter(trial_lists.told(c, study_id))
    waiting = next(told, None)
    items: list[dict[str, Any]] = []
    before = 0.0
    for snapshot in known:
        numbers = []
        while waiting is not None and waiting.seq <= snapshot.seq:
            numbers.append(waiting.number)
            waiting = next(told, None)
        now = snapshot.information_bits or 0.0
        if numbers or now != before:
            items.append({"seq": snapshot.seq, "trials": numbers, "bits": now - before})
        before = now
    entropy = known[-1].entropy_bits if known else None
    prior = None if entropy is None else entropy + before
    return Information(items, before, prior, entropy)


def calibration(c: Connection, study_id: str) -> Calibration:
    """Return how often results fell into the intervals that were predicted for them."""
    read.study(c, study_id)
    points = [point for row in trial_lists.predicted(c, study_id) if (point := _point(row))]
    return Calibration(
        predictions=len(points),
        coverage=[
            {"expected": share, "observed": _share(point["held"][place] for point in points)}
            for place, share in enumerate(INTERVALS)
            if points
        ],
        mean_log_score=sum(p["log_score"] for p in points) / len(points) if points else None,
        items=[{name: point[name] for name in SHOWN} for point in points[-MOST_POINTS:]],
    )


def prior(c: Connection, study_id: str) -> PriorView:
    """Return the prior of a study, and whether the data contradict it."""
    study = read.study(c, study_id)
    newest = snapshots.find(c, study_id)
    said = newest.summary if newest is not None else {}
    p_value = said.get("prior_p_value")
    return PriorView(
        prior=study.definition.get("prior"),
        p_value=p_value,
        power=said.get("prior_power"),
        is_in_conflict=p_value is not None and p_value < CONFLICT_BELOW,
        seq=newest.seq if newest is not None else 0,
    )


def _point(row: AnyRow) -> dict[str, Any] | None:
    """Return a prediction and its result; None if nothing was predicted.

    z is 1.96 at the ends of the 95 % interval, as it would be of a normal.
    """
    said = row.explanation or {}
    mean, sd, told = said.get("mean"), said.get("sd"), said.get("next_value")
    if mean is None or not sd:
        return None
    found = _of_normal(row.value, mean, sd)
    if told:  # the paper's rule tells only mean and sd
        found = _of_student(row.value, mean, told)
    return {"number": row.number, "mean": mean, "sd": sd, "value": row.value, **found}


def _of_normal(value: float, mean: float, sd: float) -> dict[str, Any]:
    z = (value - mean) / sd
    return {
        "z": z,
        "held": [abs(z) <= half for half in INTERVALS.values()],
        "log_score": -0.5 * z * z - math.log(sd) - 0.5 * math.log(2 * math.pi),
    }


def _of_student(value: float, mean: float, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a result lay in the distribution that was stored before it came."""
    ends = [told[f"interval_{100 * share:.0f}"] for share in INTERVALS]
    nu, scale = told["degrees"], told["scale"]
    t = (value - mean) / scale
    return {
        "z": INTERVALS[0.95] * (value - mean) / (ends[-1][1] - mean),
        "held": [low <= value <= high for low, high in ends],
        "log_score": math.lgamma(0.5 * nu + 0.5)
        - math.lgamma(0.5 * nu)
        - 0.5 * math.log(nu * math.pi)
        - math.log(scale)
        - 0.5 * (nu + 1) * math.log1p(t * t / nu),
    }


def _share(held: Iterable[bool]) -> float:
    told = list(held)
    return sum(told) / len(told)
