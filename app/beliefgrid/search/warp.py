"""From the metric's units to those of the model, and back.

Results are standardised by their median and spread and then bent by the transform of Yeo and
Johnson (2000), so that long tails of bad results do not drown the differences between good
ones. Equations (2.x) are numbered in docs/explanation/engine.md.

Notation: z standardised, w warped, p = lambda for z >= 0 and 2 - lambda below,
    a = log(1 + |z|).
"""

import numpy as np

from beliefgrid.search.arrays import Floats

OUTLIER_SPREADS = 5.0  # further from the median than this many spreads adds nothing to the scale
MAD_TO_SD = 1.4826
SMALLEST_POWER = 1e-8
LIMIT_BELOW = 1e-5  # p a; the exact derivative loses its digits there
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LARGEST = float(np.finfo(np.float64).max)


def location_and_scale(values: Floats) -> tuple[float, float]:
    """Return the median and a spread that is above zero, whatever finite values there are."""
    ordered = np.sort(values)
    n = len(ordered)
    low, high = ordered[(n - 1) // 2], ordered[n // 2]
    location = float(low if low == high else 0.5 * low + 0.5 * high)
    deviations = 0.25 * ordered - 0.25 * location  # quartered: differences may overflow
    largest = float(np.abs(deviations).max())
    if largest == 0:
        return location, abs(location) or 1.0
    relative = deviations / largest
    spread = MAD_TO_SD * float(np.median(np.abs(relative)))
    if spread > 0:
        relative = np.clip(relative, -OUTLIER_SPREADS * spread, OUTLIER_SPREADS * spread)
    scale = largest * float(np.sqrt(np.mean(relative**2)))
    return location, min(4.0 * scale, LARGEST) or 1.0


def standardise(values: Floats, location: float, scale: float) -> Floats:
    """Return z: (values - location) / scale, without overflow."""
    quarter = max(0.25 * scale, float(np.finfo(np.float64).tiny))
    return np.clip((0.25 * values - 0.25 * location) / quarter, -1e12, 1e12)


def unstandardise(z: Floats, location: float, scale: float) -> Floats:
    """Return location + scale z, clipped to finite numbers."""
    with np.errstate(over="ignore"):
        return np.clip(location + scale * z, -LARGEST, LARGEST)


def forward(z: Floats, power: float) -> Floats:
    """Return w (2.1)."""
    p, a = _parts(z, power)
    return np.sign(z) * np.expm1(p * a) / p


def slope(z: Floats, power: float) -> Floats:
    """Return dw/dz (2.2)."""
    p, a = _parts(z, power)
    return np.exp((p - 1) * a)


def forward_and_by_power(z: Floats, power: float) -> tuple[Floats, Floats]:
    """Return w, and dw/dlambda, which is d|w|/dp on both sides of zero (2.1), (2.3)."""
    p, a = _parts(z, power)
    grown = np.expm1(p * a)
    size = grown / p
    exact = (a * (grown + 1) - size) / p
    by_power = np.where(p * a < LIMIT_BELOW, 0.5 * a * a, exact)
    return np.sign(z) * size, by_power


def log_jacobian(z: Floats) -> Floats:
    """Return d log(dw/dz) / dlambda = sign(z) a; the log Jacobian is (lambda - 1) times it."""
    return np.sign(z) * np.log1p(np.abs(z))


def inverse(w: Floats, power: float) -> Floats:
    """Return z (2.4)."""
    p = _power(w, power)
    return np.sign(w) * np.expm1(np.minimum(np.log1p(p * np.abs(w)) / p, 700.0))


def unwarped_moments(
    mean: Floats, sd: Floats, *, power: float, location: float, scale: float
) -> tuple[Floats, Floats]:
    """Return mean and sd in the metric's units of w ~ N(mean, sd^2): 20-point quadrature (2.5)."""
    centre = inverse(mean, power)  # moments about it keep the digits of a small sd
    first, second = np.zeros_like(centre), np.zeros_like(centre)
    for node, weight in zip(NODES.tolist(), WEIGHTS.tolist(), strict=True):
        change = inverse(mean + node * sd, power) - centre
        first += weight * change
        second += weight * change * change
    spread = np.sqrt(np.maximum(second - first * first, 0.0))
    with np.errstate(over="ignore"):
        spread = np.minimum(scale * spread, LARGEST)
    return unstandardise(centre + first, location, scale), spread


def _parts(z: Floats, power: float) -> tuple[Floats, Floats]:
    return _power(z, power), np.log1p(np.abs(z))


def _power(z: Floats, power: float) -> Floats:
    return np.maximum(np.where(z >= 0, power, 2 - power), SMALLEST_POWER)
