"""The engine's processes give the same posterior whatever the machine around them is told."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from beliefgrid.actions.compute import THREAD_VARIABLES, Compute, Update
from beliefgrid.actions.views import Recipe

N = 80  # enough for a factor that several threads would share


def _recipe() -> Recipe:
    rng = np.random.default_rng(0)
    axes = [{"name": n, "kind": "ordered", "values": list(range(10))} for n in "abc"]
    return Recipe(
        study_id="s",
        seq=1,
        definition={"parameters": axes, "metrics": [{"name": "y", "goal": "minimize"}]},
        cells=rng.choice(1000, N, replace=False).tolist(),
        values=rng.standard_normal(N).tolist(),
        stddevs=[None] * N,
        infeasible=[],
        pending=[1, 2],
        theta=None,
    )


def _computed(recipe: Recipe) -> Update:
    async def run() -> Update:
        compute = Compute()
        try:
            return replace(await compute.update(recipe, None, 8), elapsed_ms=0)
        finally:
            compute.close()

    return asyncio.run(run())


def test_the_number_of_blas_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server told to use two, and results that came in another order: the same posterior."""
    recipe, found = _recipe(), []
    turned = replace(recipe, cells=recipe.cells[::-1], values=recipe.values[::-1])
    for threads, told in (("1", recipe), ("2", turned)):
        for name in THREAD_VARIABLES:
            monkeypatch.setenv(name, threads)
        found.append(_computed(told))

    assert found[0] == found[1]
