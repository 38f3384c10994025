"""When it is known enough.

The advice: P(regret of the leader <= epsilon) is at least the asked probability, after a
minimum of results. Whoever stores the advice waits until it holds twice running.
Equations are numbered in docs/explanation/engine.md.
"""

from dataclasses import dataclass

import numpy as np

from beliefgrid.search.model import Model, Regret
from beliefgrid.search.observations import Results
from beliefgrid.search.problem import Problem

SHARE_OF_SPREAD = 0.05  # the regret that does not matter, unless the study says
FEWEST, FEWEST_AND_PER_AXIS = 12, (4, 2)


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to stop, and why or why not."""

    should_stop: bool
    reasons: tuple[str, ...]
    epsilon: float | None
    regret: Regret | None
    missing: int = 0  # how many more cells must be tested before it can be advised


def advice(problem: Problem, results: Results, model: Model) -> Advice:
    """Return what the stopping rule says (10.3)."""
    epsilon = regret_that_matters(problem, results)
    regret = None if epsilon is None else model.regret(epsilon)
    if regret is None:
        reason = "no result yet" if epsilon is None else "this likelihood has no regret to judge by"
        return Advice(should_stop=False, reasons=(reason,), epsilon=epsilon, regret=None)
    asked, needed = problem.stopping.probability, fewest_results(problem)
    n = len(results.known)
    is_sure, is_enough = regret.within >= asked, n >= needed
    than = "at least" if is_sure else "below"
    chance = f"P(regret <= {regret.epsilon:.3g}) is {regret.within:.2f}"
    reasons = [f"{chance}, {than} the {asked:.2f} asked for"]
    if not is_enough:
        reasons.append(f"{n} cells are tested, fewer than the {needed} it takes to judge")
    return Advice(is_sure and is_enough, tuple(reasons), epsilon, regret, max(0, needed - n))


def regret_that_matters(problem: Problem, results: Results) -> float | None:
    """Return epsilon: the study's own, or a share of the distance from median to best."""
    if problem.stopping.regret is not None:
        return problem.stopping.regret
    if not len(results.values):
        return None
    halves = 0.5 * np.median(results.values) - 0.5 * results.values.min()  # may overflow whole
    return float(2 * SHARE_OF_SPREAD * halves)


def fewest_results(problem: Problem) -> int:
    """Return how many tested cells it takes before stopping is advised."""
    base, per_axis = FEWEST_AND_PER_AXIS
    n_axes = sum(size > 1 for size in problem.grid.shape)
    return min(max(FEWEST, base + per_axis * n_axes), problem.n_allowed - 1)
