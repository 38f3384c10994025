"""How much each parameter matters: functional analysis of variance of the posterior's draws.

A draw is the objective in every cell of the grid, so that its variance falls exactly into parts.
    V        variance over all cells
    V_a      variance of the mean over all other axes: what axis a does on its own     (12.1)
    V_ab     the same of two axes, less V_a and V_b: what they do only together        (12.2)
    T_a      V less the variance of the mean over axis a: all that a takes part in     (12.3)
Shares of V are given with the range that holds 80 % of the draws.
Equations are numbered in docs/explanation/engine.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from beliefgrid.search.arrays import Floats, Reals
from beliefgrid.search.grid import Grid

BAND = (10, 50, 90)  # per cent of the draws


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the variance over the grid: the median of the draws and their 80 % band."""

    low: float
    share: float
    high: float


@dataclass(frozen=True, slots=True)
class Importance:
    """What every parameter, and every pair of them, does to the objective."""

    names: tuple[str, ...]
    alone: tuple[Share, ...]  # per axis (12.1)
    total: tuple[Share, ...]  # per axis (12.3)
    together: tuple[tuple[str, str, Share], ...]  # per pair (12.2)
    draws: int


def importance(grid: Grid, samples: Iterable[Reals]) -> Importance:
    """Return the importance of each parameter, from draws of the objective, (G,) each."""
    rows = [_shares(np.asarray(f, dtype=np.float64).reshape(grid.shape)) for f in samples]
    bands = np.percentile(np.array(rows), BAND, axis=0).T.tolist()
    shares = [Share(*band) for band in bands]
    d, names = len(grid.shape), tuple(parameter.name for parameter in grid.parameters)
    pairs = combinations(names, 2)
    return Importance(
        names=names,
        alone=tuple(shares[:d]),
        total=tuple(shares[d : 2 * d]),
        together=tuple((a, b, s) for (a, b), s in zip(pairs, shares[2 * d :], strict=True)),
        draws=len(rows),
    )


def _shares(cube: Floats) -> Floats:
    """Return V_a, T_a and V_ab as shares of V, one after the other."""
    d = cube.ndim
    _, exponent = np.frexp(np.abs(cube).max())
    cube = np.ldexp(cube, -exponent)  # by a power of two, so that no square overflows, and exactly
    centred = cube - cube.mean()
    whole = float((centred**2).mean())
    if not whole > 0:
        return np.zeros(2 * d + d * (d - 1) // 2)
    alone = np.array([_variance(centred, (axis,)) for axis in range(d)])
    without = np.array([float((centred.mean(axis=axis) ** 2).mean()) for axis in range(d)])
    together = [
        _variance(centred, (a, b)) - alone[a] - alone[b] for a, b in combinations(range(d), 2)
    ]
    return np.asarray(np.concatenate([alone, whole - without, together]) / whole)


def _variance(centred: Floats, axes: tuple[int, ...]) -> float:
    """Return the variance of the mean over all axes but some."""
    others = tuple(axis for axis in range(centred.ndim) if axis not in axes)
    return float((centred.mean(axis=others) ** 2).mean())
