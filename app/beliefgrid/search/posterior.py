"""What an update gives: the belief over the grid, and all that is read off it."""

from dataclasses import dataclass
from typing import Any

from beliefgrid.search.arrays import Floats
from beliefgrid.search.conflict import Conflict
from beliefgrid.search.repeat import Repeat
from beliefgrid.search.theta import Theta


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a cell; mean and sd in the metric's units, None before any result."""

    cell: int
    mean: float | None
    sd: float | None
    p_best: float
    observations: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cell to test, and why."""

    cell: int
    rank: int
    mean: float | None
    sd: float | None
    p_best: float
    score: float | None
    explanation: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Posterior:
    """The belief after an event."""

    theta: Theta | None
    engine_version: str
    p_best: Floats  # (G,) sums to 1; (0,) of a grid that is too large to be written out
    tested_p_best: float  # that one of the tested cells is the best
    top: tuple[Belief, ...]  # the most probable cells
    queue: tuple[Candidate, ...]  # what to test, the next first
    leader: Belief | None  # the tested cell with the best mean
    among_tested: tuple[Belief, ...]  # the seed's posterior: p_best sums to 1 over tested cells
    n_observations: int
    conditioned_on: int
    infeasible: int
    entropy_bits: float
    effective_cells: float
    cells_in_95: int
    expected_regret: float | None
    probability_within: float | None  # P(regret of the leader <= regret_epsilon)
    regret_epsilon: float | None
    expected_gain_10: float | None  # by the ten first cells of the queue
    prior_bits: float  # entropy before any result
    trials_to_finish: int | None  # until the stopping rule probably holds
    leader_interval: tuple[float, float] | None  # holds the leader's objective with 90 %
    conflict: Conflict | None  # between a user's prior and the data
    repeat: Repeat | None  # what a second look at the leader is worth
    should_stop: bool
    reasons: tuple[str, ...]
    axis_marginals: tuple[tuple[float, ...], ...]
