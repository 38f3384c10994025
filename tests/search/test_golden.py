"""The engine's numbers stay what they are, on any number of processes and in any order."""

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

from beliefgrid.search import ENGINE_VERSION, Observations, Problem, encode_field, update
from tests.search.golden_studies import DEFINITIONS, FOLDER, results_of, snapshot

RELATIVE = 1e-5  # float32 sums on another processor
RELATIVE_OF_FIT = 0.02  # where a descent ends


def _numbers(value: Any) -> Iterator[float]:
    """Yield every number of a JSON value, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_a_stored_posterior_is_computed_again(name: str) -> None:
    """With the theta that is stored: cells exactly, numbers to 1e-5."""
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    found = snapshot(name, stored["theta"])

    assert stored["engine"] == ENGINE_VERSION
    assert [row[0] for row in found["queue"]] == [row[0] for row in stored["queue"]]
    assert [row[0] for row in found["top"]] == [row[0] for row in stored["top"]]
    one, other = (np.array(list(_numbers({**x, "theta": None}))) for x in (found, stored))
    np.testing.assert_allclose(one, other, rtol=RELATIVE, atol=1e-7)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_a_fit_ends_where_it_ended(name: str) -> None:
    """Close enough that the same cell is next."""
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    found = snapshot(name)

    assert found["queue"][0][0] == stored["queue"][0][0]
    one, other = (np.array(list(_numbers(x["theta"]))) for x in (found, stored))
    np.testing.assert_allclose(one, other, rtol=RELATIVE_OF_FIT, atol=0.02)


def compute(name: str, seed: int) -> tuple[bytes, str]:
    """Return the bits of a posterior whose results came in some order; for a child process."""
    problem = Problem.from_definition(DEFINITIONS[name])
    told = results_of(name, problem)
    order = np.random.default_rng(seed).permutation(len(told.cells))
    shuffled = Observations(told.cells[order], told.values[order], told.infeasible[::-1])
    found = update(problem, shuffled, event=3, pending=[7, 2][:: 1 if seed else -1])
    rest = (found.theta, found.top, found.queue, found.entropy_bits, found.axis_marginals)
    return encode_field(found.p_best) + found.p_best.tobytes(), repr(rest)


def test_processes_and_order_of_arrival_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process one after the other, and two at once in other orders: the same bytes."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # as the service sets it
    spawn = multiprocessing.get_context("spawn")
    names = sorted(DEFINITIONS)
    with ProcessPoolExecutor(1, mp_context=spawn) as one:
        alone = list(one.map(compute, names, [0] * len(names)))
    with ProcessPoolExecutor(2, mp_context=spawn) as two:
        together = list(two.map(compute, names[::-1], [1] * len(names)))[::-1]

    assert alone == together
