"""The covariance of a grid as a Kronecker product, against dense algebra."""

import numpy as np
import pytest

from beliefgrid.search.arrays import Floats
from beliefgrid.search.factors import Factors, products
from beliefgrid.search.kernel import AxisKernel, Space
from tests.search.problems import MIXED, kronecker, problem

SPACE = Space.of(problem().grid)
LOG_L = np.array([-0.5, 0.3, 0.1])
FLOORS = np.array([0.1, 0.05, 0.3])


def _dense() -> Floats:
    """The covariance of all 60 cells, entry by entry from the formulas."""
    grid = problem().grid
    dense = np.empty((60, 60))
    for i in range(60):
        for j in range(60):
            dense[i, j] = np.prod(
                [
                    _one_axis(grid.parameters[axis].coordinates(), axis, a, b)
                    for axis, (a, b) in enumerate(zip(grid.levels(i), grid.levels(j), strict=True))
                ]
            )
    return dense


def _one_axis(u: Floats, axis: int, a: int, b: int) -> float:
    length = np.exp(LOG_L[axis])
    if axis == 2:
        base = np.exp(-(a != b) / length)
    else:
        r = np.sqrt(5) * abs(u[a] - u[b]) / length
        base = (1 + r + r**2 / 3) * np.exp(-r)
    return float(FLOORS[axis] + (1 - FLOORS[axis]) * base)


def test_the_kronecker_product_is_the_dense_covariance() -> None:
    """On 4 x 5 x 3, to 1e-12, in cell order."""
    matrices = SPACE.matrices(SPACE.kernels(LOG_L, FLOORS))

    np.testing.assert_allclose(kronecker(matrices), _dense(), atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_kernel_of_some_levels_is_a_part_of_the_whole(axis: int) -> None:
    """What is computed where it is asked for, repeated levels too, is in the matrix of all."""
    whole = SPACE.matrices(SPACE.kernels(LOG_L, FLOORS))[axis]
    lengthscale, floor = float(np.exp(LOG_L[axis])), float(FLOORS[axis])
    is_ordered = bool(SPACE.is_ordered[axis])
    kernel = AxisKernel(SPACE.coordinates[axis], is_ordered, lengthscale, floor)
    rows, columns = np.array([2, 0, 2, 1]), np.array([1, 1, 2])

    np.testing.assert_array_equal(kernel.between(rows, columns), whole[np.ix_(rows, columns)])


def test_factors_index_the_right_axes() -> None:
    """Both Khatri-Rao factors, their blocks, and products of single cells agree with it."""
    cells = np.array([3, 17, 58, 30])
    matrices = SPACE.matrices(SPACE.kernels(LOG_L, FLOORS))
    factors = Factors(matrices, SPACE.levels(cells), np.float64)
    weights = np.array([1.0, -2.0, 0.5, 3.0])
    dense = _dense()[:, cells]

    blocks = np.concatenate([block.copy() for _, block in factors.blocks()])
    np.testing.assert_allclose(blocks, dense, atol=1e-12)
    np.testing.assert_allclose(factors.weighted(weights[None])[0], dense @ weights, atol=1e-12)
    single = products(matrices, SPACE.levels(np.arange(60)), SPACE.levels(cells))
    np.testing.assert_allclose(single, dense, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradients_are_those_of_finite_differences(axis: int) -> None:
    """By the logarithm of the lengthscale, and by the logit of the floor."""
    h = 1e-6
    step = h * np.eye(3)[axis]
    _, by_length, by_floor = SPACE.kernels_and_gradients(LOG_L, FLOORS)
    logits = np.log(FLOORS / (1 - FLOORS))

    def kernels(log_l: Floats, logit: Floats) -> Floats:
        return SPACE.kernels(log_l, 1 / (1 + np.exp(-logit)))

    up, down = kernels(LOG_L + step, logits), kernels(LOG_L - step, logits)
    mask = np.repeat(np.arange(3) == axis, np.array(SPACE.sizes) ** 2)
    np.testing.assert_allclose(((up - down) / (2 * h))[mask], by_length[mask], atol=1e-8)
    up, down = kernels(LOG_L, logits + step), kernels(LOG_L, logits - step)
    np.testing.assert_allclose(((up - down) / (2 * h))[mask], by_floor[mask], atol=1e-8)


def test_axes_with_one_level_are_not_there() -> None:
    """They change neither cells nor kernels."""
    with_one = problem([MIXED[0], {"name": "one", "values": [3]}, *MIXED[1:]])
    space = Space.of(with_one.grid)

    assert space.sizes == SPACE.sizes
    cells = np.arange(60)
    np.testing.assert_array_equal(space.levels(cells), SPACE.levels(cells))


def test_a_grid_of_one_cell_has_no_axes() -> None:
    """Sums over no axes are empty, products are one."""
    space = Space.of(problem([{"name": "one", "values": [3]}]).grid)

    assert space.n_axes == 0
    assert space.sum_by_axis(np.zeros(0)).shape == (0,)
    assert Factors([], space.levels(np.array([0])), np.float64).n_cells == 1
