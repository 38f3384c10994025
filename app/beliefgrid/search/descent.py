"""The minimum of a smooth function of a dozen numbers within bounds, in few evaluations.

Quasi-Newton (BFGS) that begins with a curvature that is known beforehand, and whose steps are cut
off at the bounds: coordinates that a bound holds back are left out of a step. A general routine
takes twice as many evaluations, and more time around each than the evaluation itself.

Notation: x (k,); gradient (k,); inverse (k, k) of the second derivatives, as far as known.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beliefgrid.search.arrays import Bools, Floats

MAX_STEPS, MAX_CUTS = 60, 12
FLAT = 1e-3  # largest slope that counts as none
SMALL = 1e-6  # relative gain of a step after which it is enough
SUFFICIENT = 1e-4  # share of the gain that the slope promises
LEAST_BEND = 1e-10
SMALLEST_CUT, LARGEST_CUT = 0.1, 0.5

Function = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True, eq=False)
class Box:
    """Where x may be, and how far one step may go; all (k,)."""

    low: Floats
    high: Floats
    furthest: Floats

    def clip(self, x: Floats) -> Floats:
        """Return the point of the box next to x."""
        return np.asarray(np.minimum(np.maximum(x, self.low), self.high))

    def are_free(self, x: Floats, gradient: Floats) -> Bools:
        """Return which coordinates no bound holds back."""
        held = ((x <= self.low) & (gradient > 0)) | ((x >= self.high) & (gradient < 0))
        return np.asarray(~held)


@dataclass(frozen=True, eq=False)
class Point:
    """A place, with the function's value and gradient there."""

    x: Floats
    value: float
    gradient: Floats


def minimum(function: Function, start: Floats, box: Box, curvature: Floats) -> tuple[float, Floats]:
    """Return the least value found from a start, and where."""
    x = box.clip(start)
    here = Point(x, *function(x))
    inverse = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    for _ in range(MAX_STEPS):
        free = box.are_free(here.x, here.gradient)
        if np.abs(here.gradient[free]).max(initial=0.0) < FLAT:
            break
        there = _better(function, here, box, _direction(here.gradient, free, inverse, box))
        if there is None:
            break
        _learn(inverse, there.x - here.x, there.gradient - here.gradient)
        gain, here = here.value - there.value, there
        if gain <= SMALL * max(1.0, abs(here.value)):
            break
    return here.value, here.x


def _direction(gradient: Floats, free: Bools, inverse: Floats, box: Box) -> Floats:
    """Return the step to where the minimum is by what is known; it leads downhill."""
    step = np.where(free, -(inverse @ np.where(free, gradient, 0.0)), 0.0)
    step = np.minimum(np.maximum(step, -box.furthest), box.furthest)
    if gradient @ step < 0:
        return step
    downhill = np.clip(-(box.furthest**2) * gradient, -box.furthest, box.furthest)
    return np.where(free, downhill, 0.0)


def _better(function: Function, here: Point, box: Box, step: Floats) -> Point | None:
    """Return a point on the way of a step that is enough better; None if there is none."""
    share = 1.0
    for _ in range(MAX_CUTS):
        x = box.clip(here.x + share * step)
        there = Point(x, *function(x))
        slope = min(0.0, float(here.gradient @ (x - here.x)))
        rise = there.value - here.value
        if rise <= SUFFICIENT * slope:
            return there
        bottom = -slope / (2 * (rise - slope))  # of the parabola through both
        share *= min(LARGEST_CUT, max(SMALLEST_CUT, bottom))
    return None


def _learn(inverse: Floats, moved: Floats, change: Floats) -> None:
    """Change what is known of the second derivatives by what a step has shown (BFGS), in place.

    Source: Nocedal & Wright (2006), (6.17).
    """
    product = float(moved @ change)
    if product <= LEAST_BEND:  # bent the other way: nothing about a minimum
        return
    turned = inverse @ change
    both = moved[:, None] * turned
    inverse += (1 + float(change @ turned) / product) / product * (moved[:, None] * moved)
    inverse -= (both + both.T) / product
