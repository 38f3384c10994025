"""Branches of belief: what would be believed if a result were there, or were not. Never stored."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.compute import QUEUE_LENGTH, Compute, Update
from beliefgrid.actions.definitions import definition_of
from beliefgrid.actions.views import Recipe
from beliefgrid.search import Grid, Problem, check_value

Change = Callable[[Recipe], Recipe]


class BranchError(ValueError):
    """There is no such branch: the trial taught nothing, or the cell cannot be tested."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What was known at a snapshot, the same changed, and the snapshot's hyperparameters."""

    now: Recipe
    then: Recipe
    theta: dict[str, Any] | None


def branch(c: Connection, study_id: str, change: Change, at: int | None = None) -> Branch:
    """Return the branch that a change makes from a snapshot, the newest if none is named.

    Raises:
        BranchError, SearchError: the change cannot be made.
    """
    now, _ = read.recipe_near(c, study_id, at)
    # Hyperparameters are fitted anew, as they will be if the change comes true.
    return Branch(now, replace(change(now), theta=None), now.theta)


async def believe(compute: Compute, made: Branch) -> Update:
    """Compute what would be believed, in a child process; nothing is stored."""
    return await compute.update(made.then, made.theta, QUEUE_LENGTH)


def with_result(cell: int, value: float) -> Change:
    """Return the change that a result of a cell would make."""

    def change(recipe: Recipe) -> Recipe:
        problem = Problem.from_definition(recipe.definition | {"prior": None})
        problem.grid.check_cell(cell)
        if not problem.is_allowed(cell):
            raise BranchError("This combination is excluded from the search.")
        check_value(problem, value)
        return replace(
            recipe,
            cells=[*recipe.cells, cell],
            values=[*recipe.values, value],
            stddevs=[*recipe.stddevs, None],
            pending=[one for one in recipe.pending if one != cell],
        )

    return change


def as_infeasible(cell: int) -> Change:
    """Return the change that it would make if a cell did not work."""

    def change(recipe: Recipe) -> Recipe:
        Grid.from_definition(recipe.definition["parameters"]).check_cell(cell)
        pending = [one for one in recipe.pending if one != cell]
        return replace(recipe, infeasible=[*recipe.infeasible, cell], pending=pending)

    return change


def without_trial(c: Connection, study_id: str, number: int) -> Change:
    """Return the change that leaving out a trial would make.

    Raises:
        BranchError: the trial taught nothing.
    """
    trial = read.trial(c, study_id, number)

    def change(recipe: Recipe) -> Recipe:
        cell = _cell_in(recipe, trial.assignments)
        if trial.state == "infeasible" and cell in recipe.infeasible:
            return replace(recipe, infeasible=_without(recipe.infeasible, cell))
        pairs = list(zip(recipe.cells, recipe.values, strict=True))
        if cell is None or trial.value is None or (cell, trial.value) not in pairs:
            raise BranchError(f"Trial {number} has taught this belief nothing.")
        at = pairs.index((cell, trial.value))  # equal results are interchangeable
        keep = [i for i in range(len(pairs)) if i != at]
        return replace(
            recipe,
            cells=[recipe.cells[i] for i in keep],
            values=[recipe.values[i] for i in keep],
            stddevs=[recipe.stddevs[i] for i in keep],
        )

    return change


def with_even_prior(recipe: Recipe) -> Recipe:
    """Return the same results with a prior that favours nothing."""
    return replace(recipe, definition=recipe.definition | {"prior": None})


def grid_of(c: Connection, study_id: str, revision: int) -> Grid:
    """Return the grid of a revision of a study."""
    return Grid.from_definition(definition_of(c, study_id, revision)["parameters"])


def _cell_in(recipe: Recipe, assignments: dict[str, Any]) -> int | None:
    return Grid.from_definition(recipe.definition["parameters"]).cell(assignments)


def _without(cells: list[int], cell: int | None) -> list[int]:
    at = cells.index(cell) if cell is not None else -1
    return cells[:at] + cells[at + 1 :]
