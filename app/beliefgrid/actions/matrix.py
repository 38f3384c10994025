"""One layer over the grid as the matrix of a heatmap."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid.actions.views import PosteriorView, Recipe, objective_of
from beliefgrid.search import Grid, Matrix, reduce_matrix

UNITS = {
    "p_best": "probability",
    "prior": "probability",
    "p_feasible": "probability",
    "counts": "results",
    "acquisition": "score",
}


def matrix_view(
    recipe: Recipe,
    field: NDArray[np.floating[Any]],
    *,
    layer: str,
    x: str | None,
    y: str | None,
    reduce: str,
    fixed: dict[str, Any],
    revision: int,
) -> PosteriorView:
    """Reduce a layer to the axes that are shown; the first two if none is named.

    Raises:
        SearchError: there is no such axis, or no such level.
    """
    grid = Grid.from_definition(recipe.definition["parameters"])
    if x is None:
        x, y = first_axes(grid, y)
    matrix = reduce_matrix(grid, field, x=x, y=y, reduce=reduce, at=fixed)
    return view_of(recipe, matrix, layer=layer, revision=revision)


def view_of(recipe: Recipe, matrix: Matrix, *, layer: str, revision: int) -> PosteriorView:
    """Return a matrix of a layer as it is shown."""
    return PosteriorView(
        layer=layer,
        x=matrix.x,
        y=matrix.y,
        x_values=list(matrix.x_values),
        y_values=list(matrix.y_values),
        z=[[_number(value) for value in row] for row in np.atleast_2d(matrix.z).tolist()],
        reduce=matrix.reduce,
        seq=recipe.seq,
        revision=revision,
        unit=UNITS.get(layer) or str(objective_of(recipe.definition)["name"]),
    )


def first_axes(grid: Grid, y: str | None) -> tuple[str, str | None]:
    """Return the first two axes, or the first one beside y."""
    names = [parameter.name for parameter in grid.parameters]
    x = next(name for name in names if name != y) if len(names) > 1 else names[0]
    return x, y or next((name for name in names if name != x), None)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
