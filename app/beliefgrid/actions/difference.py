"""What changed between two beliefs, and what a prior would look like."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.definitions import problem_of
from beliefgrid.actions.errors import GridsDifferError
from beliefgrid.actions.matrix import first_axes, matrix_view, view_of
from beliefgrid.actions.regrid import is_same_grid
from beliefgrid.actions.views import PosteriorView, Recipe
from beliefgrid.search import Grid, Picture, Problem

MOST_CELLS = 20
Field = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """How belief moved from one snapshot to another."""

    a: int
    b: int
    total_variation: float
    information_bits: float
    cells: list[dict[str, Any]]


def difference(grid: Grid, a: int, b: int, before: Field, after: Field) -> Difference:
    """Return how far belief moved, and the cells where it moved most.

    The information is the Kullback-Leibler divergence of the later belief from the earlier one.
    """
    change = after - before
    most = np.argsort(-np.abs(change), kind="stable")[:MOST_CELLS]
    held = (after > 0) & (before > 0)
    bits = float((after[held] * np.log2(after[held] / before[held])).sum())
    return Difference(
        a,
        b,
        total_variation=float(np.abs(change).sum() / 2),
        information_bits=max(0.0, bits),
        cells=[
            {
                "cell": int(cell),
                "assignments": grid.assignments(int(cell)),
                "before": float(before[cell]),
                "after": float(after[cell]),
                "change": float(change[cell]),
            }
            for cell in most
            if change[cell] != 0
        ],
    )


def shared_grid(c: Connection, study_id: str, *, a: int, b: int) -> Grid:
    """Return the grid of the snapshots at two moments.

    Raises:
        SnapshotUnknownError: there is none at one of them.
        GridsDifferError: the grid was edited between them.
    """
    first, last = (read.snapshot(c, study_id, at).revision for at in (a, b))
    if not is_same_grid(c, study_id, first, last):
        raise GridsDifferError(
            f"expected two moments of one grid, and it was edited between {a} and {b}; compare "
            "moments on one side of the edit"
        )
    return problem_of(c, study_id, last).grid


def preview_prior(
    c: Connection,
    study_id: str,
    *,
    prior: dict[str, Any] | None,
    x: str | None,
    y: str | None,
    reduce: str,
    fixed: dict[str, Any],
) -> PosteriorView:
    """Return a prior as a matrix, without setting it.

    Raises:
        SearchError: the prior cannot be used.
    """
    study = read.study(c, study_id)
    definition = study.definition | {"prior": prior}
    problem = Problem.from_definition(definition)
    weights = problem.prior.weights
    recipe = Recipe(study_id, study.seq, definition, [], [], [], [], [], None)
    if not problem.grid.is_written_out:
        return _marginal(recipe, problem, x, y, study.revision)
    return matrix_view(
        recipe,
        weights,
        layer="prior",
        x=x,
        y=y,
        reduce=reduce,
        fixed=fixed,
        revision=study.revision,
    )


def _marginal(
    recipe: Recipe, problem: Problem, x: str | None, y: str | None, revision: int
) -> PosteriorView:
    """Return sums of a prior over a grid that is too large for anything else."""
    grid = problem.grid
    across, up = (x, y) if x is not None else first_axes(grid, y)
    picture = Picture.of(grid, x=across, y=up, reduce="sum", at={})
    matrix = picture.matrix(problem.prior.along(grid, picture.axes))
    return view_of(recipe, matrix, layer="prior", revision=revision)
