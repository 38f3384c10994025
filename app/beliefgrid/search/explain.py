"""Why a cell is next: one sentence with numbers, and the numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.model import Model, Ranking
from beliefgrid.search.observations import Results
from beliefgrid.search.posterior import Belief, Candidate
from beliefgrid.search.predictive import next_value
from beliefgrid.search.problem import Problem

PLAIN = (1e-4, 1e6)  # numbers that are written without an exponent
RUNNER_UPS = 3
NEAREST = 3


@dataclass(frozen=True, eq=False)
class Explainer:
    """Turns ranked cells into candidates with their reasons."""

    problem: Problem
    results: Results
    model: Model
    leader: Belief | None

    def candidates(self, parts: list[Ranking]) -> tuple[Candidate, ...]:
        """Return the candidates of all parts, in order."""
        cells = np.concatenate([part.cells for part in parts])
        lines = _Lines(self, cells)
        found: list[Candidate] = []
        for part in parts:
            for place in range(len(part.cells)):
                found.append(self._candidate(part, place, len(found), lines))
        return tuple(found)

    def _candidate(self, part: Ranking, place: int, rank: int, lines: "_Lines") -> Candidate:
        cell, score = int(part.cells[place]), number(part.scores[place])
        mean, sd = number(lines.mean[rank]), number(lines.sd[rank])
        value, doubt = number(part.from_value[place]), number(part.from_uncertainty[place])
        p_best = float(lines.p_best[rank])
        explanation = {
            "rule": part.rule,
            "sentence": self._sentence(part.rule, lines.assignments[rank], mean, sd, p_best)
            + _promise(part.rule, value, doubt),
            "rank": rank + 1,
            "mean": mean,
            "sd": sd,
            "p_best": p_best,
            "next_value": self._next_value(mean, sd),
            "score": score,
            "improvement_from_value": value,
            "improvement_from_uncertainty": doubt,
            "runner_ups": [
                {
                    "cell": int(part.cells[other]),
                    "assignments": lines.assignments[rank - place + other],
                    "score": number(part.scores[other]),
                }
                for other in range(place + 1, min(place + 1 + RUNNER_UPS, len(part.cells)))
            ],
            "nearest_tested": lines.nearest[rank],
        }
        return Candidate(cell, rank + 1, mean, sd, p_best, score, explanation)

    def _next_value(self, mean: float | None, sd: float | None) -> Mapping[str, Any] | None:
        """Return what the test may bring; None of a rule that knows no distribution."""
        noise = self.model.noise_sd
        if noise is None or mean is None or sd is None:
            return None
        found = next_value(mean, math.hypot(sd, noise), len(self.results.cells))
        is_told = found["scale"] > 0 and all(map(math.isfinite, found["interval_95"]))
        return found if is_told else None

    def _sentence(
        self,
        rule: str,
        assignments: dict[str, Any],
        mean: float | None,
        sd: float | None,
        p_best: float,
    ) -> str:
        where = _text(assignments)
        if rule in OPENINGS:
            return f"{where} is next: {OPENINGS[rule]}."
        best = self.leader
        if best is None or best.mean is None or mean is None or sd is None:
            return f"{where} is next: it looks most promising, P(best) {_percent(p_best)}."
        at = _text(self.problem.grid.assignments(best.cell))
        return (
            f"{where} is next: {REASONS[rule]}. It is predicted at {text(mean)} ± {text(sd, 2)}, "
            f"the best so far at {text(best.mean)} ({at}); P(best) is {_percent(p_best)}."
        )


OPENINGS = {
    "start": "one of the first cells, which are spread over every parameter",
    "prior": "drawn from the prior, as some of the first cells are",
    "walk": "the next cell of an even walk over the grid",
    "feasible": "of all untested cells it is the likeliest to work",
    "grid": "grid search tests every cell in order",
    "random": "random search draws cells without replacement",
}
REASONS = {
    "ei": "it has the largest expected improvement",
    "lcb": "its optimistic value, mean and one sd, is the best",
    "p_best": "no other untested cell is as likely to be the best one",
    "thompson": "it is the best cell in a random draw from the belief",
    "inverse_loss": "similar cells did well, by 1/loss, and it adds something new",
    "boltzmann": "similar cells did well and it adds something new",
    "repeat": "it may be the best one, and the last trials measure such cells again, for the noise"
    " is high",
}
MODEL_RULES = ("ei", "lcb", "p_best", "thompson")


def _promise(rule: str, value: float | None, doubt: float | None) -> str:
    if rule not in MODEL_RULES or value is None or doubt is None or not value + doubt > 0:
        return ""
    share = min(1.0, max(0.0, doubt / (max(value, 0.0) + doubt)))
    return (
        f" A test is expected to improve on the best by {text(value + doubt, 2)}, "
        f"{_percent(share)} of it because little is known there."
    )


class _Lines:
    """What is needed of every candidate, computed for all of them at once."""

    def __init__(self, explainer: Explainer, cells: Ints) -> None:
        self.explainer = explainer
        self.mean, self.sd = explainer.model.moments(cells)
        self.p_best = explainer.model.mass.of(cells)
        self.assignments = [explainer.problem.grid.assignments(cell) for cell in cells.tolist()]
        self.nearest = self._nearest(cells)

    def _nearest(self, cells: Ints) -> list[list[dict[str, Any]]]:
        results, grid = self.explainer.results, self.explainer.problem.grid
        if not len(results.cells) or not len(cells):
            return [[] for _ in cells]
        alike: Floats = self.explainer.model.similarity(cells)
        order = np.argsort(-alike, axis=1, kind="stable")[:, :NEAREST]
        tested = [
            {"cell": cell, "assignments": grid.assignments(cell), "value": value}
            for cell, value in zip(
                results.cells.tolist(),
                (self.explainer.problem.sign * results.values).tolist(),
                strict=True,
            )
        ]
        return [
            [tested[i] | {"correlation": float(alike[row, i])} for i in near]
            for row, near in enumerate(order.tolist())
        ]


def number(value: float) -> float | None:
    """Return a number as JSON has it: NaN is None."""
    return None if np.isnan(value) else float(value)


def _percent(share: float) -> str:
    per_cent = 100 * share
    if 0 < per_cent < 0.01:  # noqa: PLR2004 - what two digits can show
        return "less than 0.01 %"
    return f"{per_cent:.0f} %" if per_cent >= 10 else f"{per_cent:.2g} %"  # noqa: PLR2004


def text(value: float, digits: int = 4) -> str:
    """Return a number to some digits, without an exponent from 0.0001 to a million."""
    if not PLAIN[0] <= abs(value) < PLAIN[1]:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    plain = f"{value:.{decimals}f}"
    return plain.rstrip("0").rstrip(".") if decimals else plain


def _text(assignments: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_level(value)}" for name, value in assignments.items())


def _level(value: Any) -> str:
    """Return a level as people write it: 120 and not 120.0."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < PLAIN[1]
    return str(int(value) if is_whole else value)
