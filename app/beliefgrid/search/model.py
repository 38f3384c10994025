"""What every way to turn results into belief can answer.

`blank` knows only the prior, `gaussian` is the Gaussian process, `reference` the seed's own
rule and its relative. `update` asks them all the same questions. Means, sds, regrets and gains
are in the metric's own units.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beliefgrid.search.anova import Importance
from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.conflict import Conflict
from beliefgrid.search.mass import Mass
from beliefgrid.search.repeat import Repeat
from beliefgrid.search.theta import Theta


@dataclass(frozen=True, eq=False)
class Ranking:
    """Untested cells, the most promising first."""

    rule: str
    cells: Ints  # (k,)
    scores: Floats  # (k,) NaN where the rule has none
    from_value: Floats  # (k,) how much of the promise is a good prediction, ...
    from_uncertainty: Floats  # (k,) ... and how much that little is known; NaN if not split

    @classmethod
    def unscored(cls, rule: str, cells: list[int]) -> "Ranking":
        """Return cells in an order that has no scores."""
        nothing = np.full(len(cells), np.nan)
        return cls(rule, np.array(cells, dtype=np.int64), nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Regret:
    """How far the leader may be from the best cell."""

    expected: float
    within: float  # P(regret <= epsilon)
    epsilon: float


class KnowsNoObjective:
    """The answers of a belief that has no distribution of the objective."""

    conflict: None = None
    noise_sd: None = None

    def regret(self, epsilon: float) -> Regret | None:
        """Return None."""
        del epsilon
        return None

    def gain(self, cells: Ints) -> float | None:
        """Return None."""
        del cells
        return None

    def trials_to_finish(self, epsilon: float, probability: float) -> int | None:
        """Return None."""
        del epsilon, probability
        return None

    def repeat(self, new: int | None) -> Repeat | None:
        """Return None."""
        del new
        return None

    def second_looks(self) -> Ints:
        """Return no cell."""
        return np.zeros(0, dtype=np.int64)

    def interval(self, cell: int) -> tuple[float, float] | None:
        """Return None."""
        del cell
        return None

    def importance(self) -> Importance | None:
        """Return None."""
        return None


class Model(Protocol):
    """A belief about a grid."""

    @property
    def theta(self) -> Theta | None:
        """What was fitted."""
        ...

    @property
    def noise_sd(self) -> float | None:
        """How far one more result scatters, in the metric's units near the median."""
        ...

    @property
    def conditioned_on(self) -> int:
        """How many cells with results the belief rests on."""
        ...

    @property
    def mass(self) -> Mass:
        """P(best | data) of every cell."""
        ...

    @property
    def leader(self) -> int | None:
        """The tested cell that is best by the belief."""
        ...

    def moments(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return mean and sd of the objective in some cells; NaN if nothing is known."""
        ...

    def rank(self, pending: Ints, n: int) -> Ranking:
        """Return up to n cells to test next, each as if those before it were under way."""
        ...

    def similarity(self, cells: Ints) -> Floats:
        """Return how alike some cells and the tested ones are, 0 to 1, (m, N)."""
        ...

    def regret(self, epsilon: float) -> Regret | None:
        """Return how far the leader may be from the best cell."""
        ...

    @property
    def conflict(self) -> Conflict | None:
        """How a user's prior agrees with the data; None if there is nothing to judge."""
        ...

    def trials_to_finish(self, epsilon: float, probability: float) -> int | None:
        """Return how many more trials it probably takes until the regret is small."""
        ...

    def repeat(self, new: int | None) -> Repeat | None:
        """Return what a second look at the leader is worth, beside one at a new cell."""
        ...

    def second_looks(self) -> Ints:
        """Return leading cells, the one first that is most worth a second look."""
        ...

    def interval(self, cell: int) -> tuple[float, float] | None:
        """Return the range that holds a cell's objective with 90 %."""
        ...

    def importance(self) -> Importance | None:
        """Return how much each parameter matters."""
        ...

    def gain(self, cells: Ints) -> float | None:
        """Return by how much testing some cells is expected to improve on the leader."""
        ...


class WholeModel(Model, Protocol):
    """A belief about every cell of a grid that is written out."""

    def all_moments(self) -> tuple[Floats, Floats]:
        """Return mean and sd of the objective in every cell."""
        ...

    def scores(self, pending: Ints) -> Floats:
        """Return the acquisition of every cell, NaN where a cell cannot be suggested."""
        ...

    def p_feasible(self) -> Floats:
        """Return the chance that a cell works at all, for every cell."""
        ...
