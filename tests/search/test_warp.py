"""Standardising and bending results, and the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import yeojohnson

from beliefgrid.search import warp

Z = np.array([-30.0, -2.0, -0.5, 0.0, 1e-9, 0.7, 3.0, 50.0])


@pytest.mark.parametrize("power", [0.0, 0.3, 1.0, 1.7, 2.0])
def test_the_warp_is_that_of_yeo_and_johnson(power: float) -> None:
    """Against scipy's."""
    np.testing.assert_allclose(warp.forward(Z, power), yeojohnson(Z, power), rtol=1e-6)


@given(st.floats(-100, 100), st.floats(0, 2))
def test_the_inverse_undoes_it(z: float, power: float) -> None:
    """To twelve digits where the warp does not saturate."""
    there = warp.forward(np.array([z]), power)

    assert warp.inverse(there, power)[0] == pytest.approx(z, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0, 1.6, 2.0])
def test_slopes_are_those_of_finite_differences(power: float) -> None:
    """By z, and by lambda."""
    z, h = np.array([-3.0, -0.2, 0.3, 4.0]), 1e-6
    p = min(max(power, 2 * h), 2 - 2 * h)

    by_z = (warp.forward(z + h, p) - warp.forward(z - h, p)) / (2 * h)
    by_power = (warp.forward(z, p + h) - warp.forward(z, p - h)) / (2 * h)

    np.testing.assert_allclose(warp.slope(z, p), by_z, rtol=1e-5)
    value, found = warp.forward_and_by_power(z, p)
    np.testing.assert_allclose(value, warp.forward(z, p), rtol=1e-12)
    np.testing.assert_allclose(found, by_power, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [2.0, 2.0, 2.0],
        [0.0, 0.0],
        [1e300, -1e300, 0.0],
        [1.7e308, -1.7e308],
        [5e-324, 1e-323, 0.0],
        [0.1, 0.2, 0.3, 1e300],
    ],
)
def test_any_finite_values_are_standardised(values: list[float]) -> None:
    """The scale is above zero and the result finite, from subnormal to 1e300."""
    given_values = np.array(values)
    location, scale = warp.location_and_scale(given_values)
    z = warp.standardise(given_values, location, scale)

    assert scale > 0
    assert np.isfinite(scale)
    assert np.isfinite(z).all()
    assert np.isfinite(warp.unstandardise(z, location, scale)).all()


def test_one_diverged_run_does_not_hide_the_others() -> None:
    """The scale is that of the bulk."""
    values = np.array([*np.linspace(0.1, 0.3, 20), 1e6])

    assert warp.location_and_scale(values)[1] < 1


def test_moments_are_those_of_many_draws() -> None:
    """Mean and sd in the metric's units, against sampling."""
    mean, sd = np.array([-0.5, 0.8]), np.array([0.3, 0.6])
    draws = mean + sd * np.random.default_rng(1).standard_normal((400_000, 2))
    y = 5 + 2 * warp.inverse(draws, 0.6)

    found = warp.unwarped_moments(mean, sd, power=0.6, location=5.0, scale=2.0)

    np.testing.assert_allclose(found[0], y.mean(axis=0), rtol=5e-3)
    np.testing.assert_allclose(found[1], y.std(axis=0), rtol=1e-2)
