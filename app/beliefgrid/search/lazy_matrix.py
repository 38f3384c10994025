"""Pictures of a grid that is too large to be written out.

A slice has few cells, so every layer can be computed there. P(best), the prior and counts are
known as sums over all cells too; a mean or a maximum of the others would take every cell.
"""

import numpy as np

from beliefgrid.search.arrays import Floats, Ints
from beliefgrid.search.errors import LayerTooLargeError, LayerUnknownError
from beliefgrid.search.lazy import LazyModel, listed_model
from beliefgrid.search.matrix import Matrix
from beliefgrid.search.model import Model
from beliefgrid.search.observations import Results
from beliefgrid.search.picture import Picture
from beliefgrid.search.problem import Problem

SUMMED = ("p_best", "prior", "counts")


def lazy_matrix(
    problem: Problem, results: Results, model: Model, pending: Ints, layer: str, picture: Picture
) -> Matrix:
    """Return a layer as a picture.

    Raises:
        LayerUnknownError: there is no such layer.
        LayerTooLargeError: it would take every cell of the grid.
    """
    if picture.reduce == "slice":
        cells = picture.cells()
        values = _at(problem, results, model, pending, layer, cells.ravel())
        return picture.matrix(values.reshape(cells.shape))
    if layer not in SUMMED or picture.reduce == "max":
        raise LayerTooLargeError(
            f"the {picture.reduce} of {layer[:60]!r} would take all {problem.grid.n_cells:,} "
            f"cells; ask for a slice (reduce=slice), or for the sum of {', '.join(SUMMED)}"
        )
    summed = _summed(problem, results, model, layer, picture.axes)
    if picture.reduce == "mean":
        summed = summed * (summed.size / problem.grid.n_cells)
    return picture.matrix(summed)


def _summed(
    problem: Problem, results: Results, model: Model, layer: str, axes: list[int]
) -> Floats:
    sizes = [problem.grid.shape[axis] for axis in axes]
    if layer == "p_best":
        return model.mass.along(axes)
    if layer == "counts":
        counts = np.zeros(sizes)
        levels = [results.cells // problem.grid.strides[a] % problem.grid.shape[a] for a in axes]
        np.add.at(counts, tuple(levels), results.counts.astype(np.float64))
        return counts
    return problem.prior.along(problem.grid, axes)


def _at(
    problem: Problem, results: Results, model: Model, pending: Ints, layer: str, cells: Ints
) -> Floats:
    """Return a layer in some cells."""
    if layer == "p_best":
        return model.mass.of(cells)
    if layer == "counts":
        counted = dict(zip(results.cells.tolist(), results.counts.tolist(), strict=True))
        return np.array([float(counted.get(cell, 0)) for cell in cells.tolist()])
    if layer == "prior":
        rows = np.stack(np.unravel_index(cells, problem.grid.shape), axis=1)
        relative = problem.prior.relative(rows) if problem.prior.axes else np.ones(len(cells))
        return np.asarray(relative / problem.grid.n_cells)
    if layer not in ("mean", "sd", "acquisition", "p_feasible"):
        raise LayerUnknownError(f"expected a layer, got {layer[:60]!r}")
    if not isinstance(model, LazyModel):
        return np.full(len(cells), 0.5 if layer == "p_feasible" else np.nan)
    return _of_process(problem, results, model, pending, layer, cells)


def _of_process(
    problem: Problem, results: Results, model: LazyModel, pending: Ints, layer: str, cells: Ints
) -> Floats:
    listing = np.unique(np.concatenate([cells, results.known, pending]))
    part = listed_model(problem, results, model.theta, model.event, listing)
    places = np.searchsorted(listing, cells)
    if layer in ("mean", "sd"):
        return part.all_moments()[layer == "sd"][places]
    if layer == "p_feasible":
        return part.p_feasible()[places]
    return part.scores(np.searchsorted(listing, pending))[places]
