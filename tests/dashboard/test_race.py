"""The expectation of random search is exact, by counting."""

import itertools

import numpy as np
import pytest

from beliefgrid.dashboard.race import best_after, draws_for, expected_random, random_order

F = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6])


def test_expected_random_equals_the_mean_over_all_orders() -> None:
    """The fast way is the same as trying every order of the cells."""
    orders = list(itertools.permutations(range(len(F))))
    slow = np.mean([np.minimum.accumulate(F[list(order)]) for order in orders], axis=0)

    np.testing.assert_allclose(expected_random(F, len(F)), slow, rtol=1e-12)


@pytest.mark.parametrize(("good", "share"), [(1, 0.5), (2, 0.5), (3, 0.75), (6, 0.9)])
def test_draws_are_counted_over_all_orders(good: int, share: float) -> None:
    """So many draws, and no fewer, let a share of all orders meet a good cell."""
    orders = list(itertools.permutations(range(len(F))))
    met = [min(order.index(cell) for cell in range(good)) + 1 for order in orders]

    slow = next(k for k in range(1, 7) if np.mean([m <= k for m in met]) >= share - 1e-12)

    assert draws_for(len(F), good, share) == slow


def test_every_search_ends_at_the_best_cell() -> None:
    """When all cells are tested, no strategy is better than another."""
    n = len(F)

    assert expected_random(F, n)[-1] == pytest.approx(F.min())
    assert best_after(F, range(n))[-1] == F.min()


def test_a_random_order_repeats_nothing() -> None:
    """It is a permutation, and the same one each time."""
    order = random_order(50, 50, 7)

    assert sorted(order) == list(range(50))
    assert order == random_order(50, 50, 7)


def test_expected_random_is_stable_on_a_large_grid() -> None:
    """No overflow, no drift: it falls all the way to the minimum."""
    f = np.random.default_rng(0).random(20_000)

    found = expected_random(f, 200)

    assert (np.diff(found) <= 1e-12).all()
    assert found[0] == pytest.approx(f.mean())
