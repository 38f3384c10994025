"""A problem is what the engine knows of a study: grid, prior, goal, strategy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Bools, Ints
from beliefgrid.search.constraints import Constraints
from beliefgrid.search.errors import (
    ConstraintsExcludeAllError,
    GoalInvalidError,
    GridTooLargeError,
    LossNotPositiveError,
    NoiseInvalidError,
    SeedInvalidError,
    StoppingInvalidError,
    StrategyInvalidError,
    ValueNotFiniteError,
)
from beliefgrid.search.grid import MAX_WRITTEN_OUT, Grid
from beliefgrid.search.prior import Prior

GOALS = ("minimize", "maximize")
STRATEGIES = ("bayes", "grid", "random")
LIKELIHOODS = ("gp", "inverse_loss", "boltzmann")
ACQUISITIONS = ("ei", "p_best", "thompson", "lcb")
NOISES = ("none", "some", "high")
STOPPING_FIELDS = ("regret", "probability", "action")
STRATEGY_FIELDS = ("name", "likelihood", "acquisition", "similarity")

MAX_CELLS = 10**12  # of larger grids it looks at candidates
DEFAULT_SIMILARITY = 0.5
DEFAULT_PROBABILITY = 0.9


@dataclass(frozen=True, slots=True)
class Strategy:
    """How cells are chosen, and how results become belief."""

    name: str = "bayes"
    likelihood: str = "gp"
    acquisition: str = "ei"
    similarity: tuple[float, ...] = ()  # per axis: how alike neighbouring levels are, 0 to 1


@dataclass(frozen=True, slots=True)
class Stopping:
    """When it is known enough: P(regret <= `regret`) >= `probability`."""

    regret: float | None = None  # in the metric's units; None: 5 % of the spread of the results
    probability: float = DEFAULT_PROBABILITY


@dataclass(frozen=True, eq=False)
class Problem:
    """A grid to search."""

    grid: Grid
    prior: Prior
    goal: str = "minimize"
    seed: int = 0
    strategy: Strategy = field(default_factory=Strategy)
    stopping: Stopping = field(default_factory=Stopping)
    noise: str = "some"
    n_trials: int | None = None  # the budget, if there is one
    constraints: Constraints | None = None

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> "Problem":
        """Return the problem that a study's definition states.

        Raises:
            SearchError: it cannot be searched; each reason has its own code.
        """
        grid = Grid.from_definition(definition.get("parameters") or [])
        _check_size(grid)  # before anything is as large as the grid
        goal = _goal(definition)
        strategy = _strategy(grid, definition.get("strategy") or {})
        if strategy.likelihood == "inverse_loss" and goal == "maximize":
            raise StrategyInvalidError(
                "the likelihood `inverse_loss` is 1/loss and needs a loss to minimize; use "
                "`boltzmann` or `gp`"
            )
        if strategy.likelihood != "gp" and not grid.is_written_out:
            raise StrategyInvalidError(
                f"the likelihood `{strategy.likelihood}` needs a grid of at most "
                f"{MAX_WRITTEN_OUT:,} cells, got {grid.n_cells:,}; use `gp`"
            )
        constraints = Constraints.from_definition(grid, definition.get("constraints"))
        problem = cls(
            grid=grid,
            prior=(
                Prior.from_definition(grid, definition.get("prior"))
                if grid.is_written_out
                else Prior.lazy(grid, definition.get("prior"))
            ),
            goal=goal,
            seed=_seed(definition.get("seed")),
            strategy=strategy,
            stopping=_stopping(definition.get("stopping") or {}),
            noise=_noise(definition.get("noise")),
            n_trials=(definition.get("budget") or {}).get("trials"),
            constraints=constraints if constraints.are_any else None,
        )
        return problem if problem.excluded is None else problem.restricted()

    def restricted(self) -> "Problem":
        """Return the same problem with a prior that is zero in excluded cells."""
        if self.excluded is None or len(self.prior.weights) != self.grid.n_cells:
            return self
        return replace(self, prior=self.prior.without(self.excluded))

    @cached_property
    def excluded(self) -> Bools | None:
        """Which cells are not searched, (G,); None if all are.

        Raises:
            ConstraintsExcludeAllError: none is left.
        """
        if self.constraints is None or self.is_lazy:
            return None
        excluded = ~self.constraints.mask()
        if excluded.all():
            raise ConstraintsExcludeAllError("expected rules that leave at least one cell to test")
        return excluded

    @property
    def n_allowed(self) -> int:
        """How many cells are searched; of a grid that is not written out, at most."""
        n_excluded = 0 if self.excluded is None else int(np.count_nonzero(self.excluded))
        return self.grid.n_cells - n_excluded

    def is_allowed(self, cell: int) -> bool:
        """Say whether a cell is searched."""
        if self.constraints is not None and self.is_lazy:
            return bool(self.are_allowed(np.array([cell]))[0])
        return self.excluded is None or not self.excluded[cell]

    def are_allowed(self, cells: Ints) -> Bools:
        """Return which of some cells are searched, without a look at the others."""
        if self.constraints is None:
            return np.ones(len(cells), dtype=np.bool_)
        sizes, strides = self.grid.shape, self.grid.strides
        levels = [cells // stride % size for size, stride in zip(sizes, strides, strict=True)]
        return self.constraints.allow(levels)

    @property
    def is_lazy(self) -> bool:
        """Whether the grid is too large to be written out."""
        return not self.grid.is_written_out

    @property
    def prior_bits(self) -> float:
        """Entropy of the prior, in bits; of a lazy grid that of a uniform one."""
        weights = self.prior.weights
        if self.is_lazy:
            return math.log2(self.grid.n_cells)
        held = weights[weights > 0]
        return float(-(held * np.log2(held)).sum())

    @property
    def sign(self) -> float:
        """1 if low values are good, -1 if high ones are: sign * value is always minimized."""
        return -1.0 if self.goal == "maximize" else 1.0


def check_value(problem: Problem, value: float) -> None:
    """Refuse a result that the problem's likelihood cannot use.

    Raises:
        ValueNotFiniteError: it is not a number, or infinite.
        LossNotPositiveError: the likelihood is 1/loss, and the loss is not above zero.
    """
    if not math.isfinite(value):
        raise ValueNotFiniteError(
            f"expected a finite number, got {value}; report a diverged run as infeasible"
        )
    if problem.strategy.likelihood == "inverse_loss" and value <= 0:
        raise LossNotPositiveError(
            f"the likelihood `inverse_loss` is 1/loss and needs a loss above 0, got {value:g}; "
            "use `boltzmann` or `gp`"
        )


# ---------------------------------------------------------------- parts of a definition
def _check_size(grid: Grid) -> None:
    if grid.n_cells > MAX_CELLS:
        sizes = " x ".join(map(str, grid.shape))
        raise GridTooLargeError(
            f"expected at most {MAX_CELLS:,} cells, got {sizes} = {grid.n_cells:,}; use fewer "
            "levels or fewer parameters"
        )


def _goal(definition: Mapping[str, Any]) -> str:
    metrics = definition.get("metrics") or []
    objectives = [m for m in metrics if m.get("role", "objective") == "objective"]
    goal = (objectives[0].get("goal") if objectives else None) or "minimize"
    if goal not in GOALS:
        raise GoalInvalidError(f"expected the goal {' or '.join(GOALS)}, got {_short(goal)}")
    return str(goal)


def _seed(given: Any) -> int:
    if given is None:
        return 0
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise SeedInvalidError(f"expected a whole number from 0 on, got {_short(given)}")
    return given


def _noise(given: Any) -> str:
    noise = "some" if given is None else given
    if noise not in NOISES:
        raise NoiseInvalidError(f"expected the noise {', '.join(NOISES)}, got {_short(given)}")
    return str(noise)


def _strategy(grid: Grid, given: Any) -> Strategy:
    _check_fields(given, STRATEGY_FIELDS, "strategy", StrategyInvalidError)
    chosen = {
        field: _choice(given.get(field), options, field)
        for field, options in (
            ("name", STRATEGIES),
            ("likelihood", LIKELIHOODS),
            ("acquisition", ACQUISITIONS),
        )
    }
    return Strategy(**chosen, similarity=_similarity(grid, given.get("similarity") or {}))


def _choice(given: Any, options: tuple[str, ...], what: str) -> str:
    if given is None:
        return options[0]
    if given not in options:
        raise StrategyInvalidError(f"expected the {what} {', '.join(options)}, got {_short(given)}")
    return str(given)


def _similarity(grid: Grid, given: Any) -> tuple[float, ...]:
    names = [parameter.name for parameter in grid.parameters]
    _check_fields(given, tuple(names), "similarity", StrategyInvalidError)
    for name, rho in given.items():
        if not _is_number(rho) or not 0 <= rho < 1:
            raise StrategyInvalidError(
                f"similarity of {name!r}: expected a number from 0 up to below 1, got {_short(rho)}"
            )
    return tuple(float(given.get(name, DEFAULT_SIMILARITY)) for name in names)


def _stopping(given: Any) -> Stopping:
    _check_fields(given, STOPPING_FIELDS, "stopping", StoppingInvalidError)
    regret, probability = given.get("regret"), given.get("probability")
    if regret is not None and not (_is_number(regret) and regret >= 0):
        raise StoppingInvalidError(
            f"expected a regret from 0 on, in the metric's units, got {_short(regret)}"
        )
    if probability is not None and not (_is_number(probability) and 0 < probability < 1):
        raise StoppingInvalidError(f"expected a probability in 0..1, got {_short(probability)}")
    if given.get("action", "advise") not in ("advise", "stop"):
        raise StoppingInvalidError(
            f"expected the action advise or stop, got {_short(given['action'])}"
        )
    return Stopping(
        regret=None if regret is None else float(regret),
        probability=DEFAULT_PROBABILITY if probability is None else float(probability),
    )


def _check_fields(
    given: Any,
    known: tuple[str, ...],
    what: str,
    error: type[StrategyInvalidError] | type[StoppingInvalidError],
) -> None:
    if not isinstance(given, Mapping):
        raise error(f"{what}: expected an object, got {_short(given)}")
    for name in given:
        if name not in known:
            raise error(f"{what}: expected only {', '.join(known)}, got {_short(name)}")


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)


def _short(value: object) -> str:
    return repr(value)[:60]
