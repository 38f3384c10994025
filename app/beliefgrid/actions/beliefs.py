"""What a study believes, at any moment: its layers over the grid, and what matters."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beliefgrid.actions import read
from beliefgrid.actions.compute import Compute
from beliefgrid.actions.layer_cache import LayerCache
from beliefgrid.actions.matrix import first_axes, matrix_view, view_of
from beliefgrid.actions.views import PosteriorView, Recipe
from beliefgrid.search import Grid

Look = Callable[..., Awaitable[Any]]  # runs a query in one consistent view
Layers = dict[str, NDArray[np.floating[Any]]]

MOST_IMPORTANCE = 64  # answers that are kept
CACHED_BYTES = 64 * 2**20  # of layers that were computed for charts


class Beliefs:
    """Computes what snapshots do not store, and keeps the newest of it."""

    def __init__(self, look: Look, compute: Compute) -> None:
        self._read, self._compute = look, compute
        self._layers = LayerCache(CACHED_BYTES)
        self._importance: OrderedDict[tuple[str, int], dict[str, Any] | None] = OrderedDict()

    async def posterior(
        self,
        study_id: str,
        *,
        layer: str,
        x: str | None = None,
        y: str | None = None,
        reduce: str = "sum",
        at: int | None = None,
        fixed: dict[str, Any] | None = None,
    ) -> PosteriorView:
        """Return one layer as a matrix, a marginal (no y) or a slice, at the snapshot `at`."""
        recipe, revision = await self._read(read.recipe_near, study_id, at)
        grid = Grid.from_definition(recipe.definition["parameters"])
        if not grid.is_written_out:
            axes = (x, y) if x is not None else first_axes(grid, y)
            picture = {"layer": layer, "x": axes[0], "y": axes[1], "reduce": reduce, "at": fixed}
            matrix = await self._compute.matrix(recipe, picture)
            return view_of(recipe, matrix, layer=layer, revision=revision)
        computed, recipe, revision = await self._computed(study_id, (layer,), at)
        return await asyncio.to_thread(
            matrix_view,
            recipe,
            computed[layer],
            layer=layer,
            x=x,
            y=y,
            reduce=reduce,
            fixed=fixed or {},
            revision=revision,
        )

    async def layers(
        self, study_id: str, names: tuple[str, ...], at: int | None = None
    ) -> tuple[Layers, int]:
        """Return layers over all cells, and the seq of the snapshot that they belong to."""
        computed, recipe, _ = await self._computed(study_id, names, at)
        return computed, recipe.seq

    async def _computed(
        self, study_id: str, names: tuple[str, ...], at: int | None
    ) -> tuple[Layers, Recipe, int]:
        recipe, revision = await self._read(read.recipe_near, study_id, at)
        found = {name: self._layers.get((study_id, recipe.seq, name)) for name in names}
        missing = tuple(name for name, layer in found.items() if layer is None)
        if missing:
            computed = await self._compute.layers(recipe, missing)
            for name, layer in computed.items():
                self._layers.put((study_id, recipe.seq, name), layer)
            found |= computed
        return {name: layer for name, layer in found.items() if layer is not None}, recipe, revision

    async def importance(
        self, study_id: str, at: int | None = None
    ) -> tuple[dict[str, Any] | None, int]:
        """Return how much each parameter matters, and the seq of the snapshot that says so."""
        recipe, _ = await self._read(read.recipe_near, study_id, at)
        key = study_id, recipe.seq
        if key not in self._importance:  # what a moment knew never changes
            self._importance[key] = await self._compute.importance(recipe)
            while len(self._importance) > MOST_IMPORTANCE:
                self._importance.popitem(last=False)
        return self._importance[key], recipe.seq
