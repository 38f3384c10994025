"""The minimum of a function within bounds: the descent that fits theta."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from beliefgrid.search.arrays import Floats
from beliefgrid.search.descent import Box, minimum


def _box(n: int, low: float, high: float) -> Box:
    return Box(np.full(n, low), np.full(n, high), np.full(n, 1.5))


def _rosenbrock(x: Floats) -> tuple[float, Floats]:
    return float(rosen(x)), np.asarray(rosen_der(x))


@pytest.mark.parametrize("high", [5.0, 0.8])
def test_a_bent_valley_is_followed_to_its_lowest_point(high: float) -> None:
    """Within bounds as scipy's L-BFGS-B does, whether or not a bound is in the way."""
    start, bounds = np.array([-1.2, -1.0, 0.5]), [(-5.0, high)] * 3

    value, x = minimum(_rosenbrock, start, _box(3, -5, high), np.eye(3))

    other = minimize(_rosenbrock, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-9)
    assert value == pytest.approx(other.fun, abs=1e-4)
    np.testing.assert_allclose(x, other.x, atol=0.02)


def test_a_parabola_whose_curvature_is_known_takes_two_evaluations() -> None:
    """The start, and the minimum."""
    seen: list[Floats] = []
    curvature = np.array([[2.0, 0.5], [0.5, 1.0]])

    def parabola(x: Floats) -> tuple[float, Floats]:
        seen.append(x)
        return float(0.5 * x @ curvature @ x), curvature @ x

    value, x = minimum(parabola, np.array([0.3, -0.4]), _box(2, -5, 5), curvature)

    assert len(seen) == 2
    assert value == pytest.approx(0)
    np.testing.assert_allclose(x, 0, atol=1e-9)


def test_a_coordinate_between_equal_bounds_stays() -> None:
    """The others move on; a start outside is taken to the bounds."""
    box = Box(np.array([2.0, -1.0]), np.array([2.0, 1.0]), np.full(2, 9.0))

    value, x = minimum(lambda x: (float(x @ x), 2 * x), np.array([7.0, 7.0]), box, np.eye(2))

    assert x.tolist() == pytest.approx([2, 0])
    assert value == pytest.approx(4)


def test_a_gradient_that_is_wrong_ends_the_descent() -> None:
    """Where no step is better the start is the answer."""
    value, x = minimum(lambda x: (float(x[0]), -np.ones(1)), np.ones(1), _box(1, 0, 9), np.eye(1))

    assert (value, x.tolist()) == (1.0, [1.0])


def test_an_inverse_that_leads_uphill_is_not_followed() -> None:
    """Steps that are cut off coordinate by coordinate may lead up; the gradient leads down."""
    curvature = np.array([[1.0, -0.99], [-0.99, 1.0]])
    slopes = np.array([0.5, -1.0])
    box = Box(np.full(2, -9.0), np.full(2, 9.0), np.array([1.0, 1e-3]))

    value, _ = minimum(lambda x: (float(slopes @ x), slopes), np.zeros(2), box, curvature)

    assert value < -1
