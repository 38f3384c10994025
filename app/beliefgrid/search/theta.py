"""Theta: all that was fitted. With it, a posterior can be computed again without a fit.

log_lengthscales (d,)  of axes with more than one level
logit_floors     (d,)  share of an axis' kernel that is the same everywhere
log_signal             log s^2, variance of the objective over the grid, in warped units
log_noise              log sigma^2, variance of one result
power                  lambda of the warp;  location, scale: the metric's units
fitted_on, fits        how many cells the last fit used, how many fits there were
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from beliefgrid.search.arrays import Floats
from beliefgrid.search.errors import ThetaInvalidError


@dataclass(frozen=True, slots=True)
class Theta:
    """Hyperparameters of the Gaussian process and of the warp of its results."""

    log_lengthscales: tuple[float, ...]
    logit_floors: tuple[float, ...]
    log_signal: float
    log_noise: float
    power: float
    location: float
    scale: float
    fitted_on: int
    fits: int

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Theta":
        """Return what `to_json` wrote, bit for bit.

        Raises:
            ThetaInvalidError: it is something else.
        """
        try:
            fields = dict(stored)
            for name in ("log_lengthscales", "logit_floors"):
                fields[name] = tuple(float(value) for value in fields[name])
            return cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise ThetaInvalidError(f"expected a stored theta, got {str(stored)[:60]}") from error

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; Python writes floats so that they read back exactly."""
        fields = asdict(self)
        return fields | {
            "log_lengthscales": list(self.log_lengthscales),
            "logit_floors": list(self.logit_floors),
        }

    @property
    def floors(self) -> Floats:
        """The floors c_a, (d,)."""
        return np.asarray(1 / (1 + np.exp(-np.array(self.logit_floors, dtype=np.float64))))

    @property
    def signal(self) -> float:
        """The variance s^2."""
        return float(np.exp(self.log_signal))

    @property
    def noise(self) -> float:
        """The variance sigma^2."""
        return float(np.exp(self.log_noise))
