"""What is learned from cells that cannot work."""

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from beliefgrid.search import layers, update
from beliefgrid.search.feasibility import (
    LOG_NOISE,
    LOG_SIGNAL,
    SLACK,
    log_p_feasible,
    share_that_works,
)
from beliefgrid.search.kernel import Space
from beliefgrid.search.observations import merge
from beliefgrid.search.theta_density import TAU2
from tests.search.problems import observed, problem

AXES: list[dict[str, Any]] = [
    {"name": "width", "values": [1, 2, 4, 8, 16, 32], "scale": "log"},
    {"name": "depth", "values": [1, 2, 3, 4], "scale": "linear"},
    {"name": "kind", "kind": "categorical", "values": ["a", "b", "c"]},
]


def cell(width: int, depth: int, kind: int) -> int:
    """Return the cell of these levels."""
    return (width * 4 + depth) * 3 + kind


def test_nothing_is_ruled_out_while_nothing_failed() -> None:
    """Without an infeasible cell the search is as if there were none."""
    of = problem(AXES)
    results = merge(of, observed([0, 30], [1.0, 2.0]))

    assert not log_p_feasible(Space.of(of.grid), results).any()


def test_a_rule_behind_holes_is_learned() -> None:
    """Width 32 never works: its other cells are doubted more than cells like those that did."""
    of = problem(AXES)
    good = [cell(w, d, k) for w, d, k in [(0, 1, 0), (1, 2, 1), (2, 0, 2), (3, 3, 0), (3, 1, 1)]]
    bad = [cell(5, d, k) for d, k in [(0, 0), (2, 1), (3, 2)]]
    given = observed(good, [3.0, 2.0, 1.5, 1.0, 1.1], infeasible=bad)

    posterior = update(of, given)
    p = layers(of, given, posterior.theta, names=["p_feasible"])["p_feasible"]

    assert p[cell(5, 1, 0)] < 0.4
    assert p[cell(3, 2, 0)] > 0.6
    assert (p[bad] == 0).all()
    assert (posterior.p_best[bad] == 0).all()
    assert posterior.queue[0].cell // 12 != 5


def test_it_equals_dense_algebra() -> None:
    """The fast way and the written formula agree."""
    of = problem(AXES)
    results = merge(of, observed([0, 20, 40], [1.0, 2.0, 3.0], infeasible=[70, 55]))
    space = Space.of(of.grid)
    levels = np.array([of.grid.levels(c) for c in range(of.grid.n_cells)])
    stretch = 0.5 * np.log(3)
    correlation = np.ones((of.grid.n_cells, of.grid.n_cells))
    for axis, parameter in enumerate(of.grid.parameters):
        u = parameter.coordinates()[levels[:, axis]]
        apart = np.abs(u[:, None] - u[None, :])
        if parameter.is_ordered:
            r = np.sqrt(5) * apart / np.exp(stretch - 1)
            kernel = (1 + r + r * r / 3) * np.exp(-r)
        else:
            kernel = np.exp(-1.0 * (apart > 0) / np.exp(stretch))
        correlation *= 0.5 + 0.5 * kernel
    covariance = np.exp(LOG_SIGNAL) * correlation + TAU2
    known, centre = results.known, 2 * (3.5 / 6) - 1
    labels = np.array([1, 1, 1, -1, -1]) - centre
    inside = covariance[np.ix_(known, known)] + np.exp(LOG_NOISE) * np.eye(5)
    gain = np.linalg.solve(inside, covariance[known]).T
    variance = np.diagonal(covariance) - np.einsum("ij,ji->i", gain, covariance[known])
    expected = ndtr((gain @ labels + centre) / np.sqrt(variance + np.exp(LOG_NOISE) + SLACK))

    found = np.exp(log_p_feasible(space, results))

    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(("good", "bad", "share"), [(0, 0, 0.5), (3, 0, 0.875), (0, 3, 0.125)])
def test_before_anything_is_known_of_a_cell(good: int, bad: int, share: float) -> None:
    """A half, moved by what was met so far."""
    assert share_that_works(good, bad) == share
