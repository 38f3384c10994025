"""Colour scales of maps: where a value stands between dark and bright, and what the ends are.

`static/js/figures.js` has the same for charts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beliefgrid.dashboard.layers import Layer, value_text
from beliefgrid.dashboard.palettes import SHADES, png_uri

Field = NDArray[np.float64]

FLOOR, HIGHEST_FLOOR = 1e-6, 0.01
LINEAR_UP_TO_CELLS = 36
ROUND_TOPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75)
MOST_BITS = 6.0  # beyond which colours of a ratio do not change; as figures.js
SPAN = 1000.0  # from the darkest to the brightest of maps side by side, at most


@dataclass(frozen=True, slots=True)
class Scale:
    """What is dark, what is bright, and how colours run between: evenly, or in steps of ratio."""

    layer: Layer
    low: float
    high: float
    is_log: bool = False
    is_reversed: bool = False

    def unit(self, z: Field) -> Field:
        """Return values as places on the scale, 0 to 1; NaN stays."""
        if self.high <= self.low:
            return np.where(np.isnan(z), z, 0.5)
        if self.is_log:
            place = np.log(np.maximum(z, self.low) / self.low) / math.log(self.high / self.low)
        else:
            place = (z - self.low) / (self.high - self.low)
        return np.asarray(1 - place if self.is_reversed else place)

    @property
    def ticks(self) -> list[str]:
        """What stands at the low end, in the middle and at the high end."""
        middle = math.sqrt(self.low * self.high) if self.is_log else (self.low + self.high) / 2
        texts = [value_text(self.layer, value) for value in (self.low, middle, self.high)]
        return [f"≤ {texts[0]}", *texts[1:]] if self.is_log else texts

    @property
    def bar(self) -> str:
        """A picture of the scale, from its low to its high end."""
        shades = np.arange(SHADES, dtype=np.uint8)
        return png_uri((shades[::-1] if self.is_reversed else shades)[None], self.layer.palette)


def scale_of(layer: Layer, z: Field, *, goal: str, colour: str | None = None) -> Scale:
    """Return the scale of one map; of shares it ends at a round number, as the reader chose."""
    if np.isnan(z).all():
        return Scale(layer, 0.0, 0.0)
    if layer.is_probability:
        return _of_shares(layer, z, is_log=(colour or default_colour(layer, z.size)) == "log")
    if layer.is_diverging:
        most = min(MOST_BITS, float(np.nanmax(np.abs(z)))) or 1.0
        return Scale(layer, -most, most)
    is_low_good = layer.name == "mean" and goal == "minimize"
    return Scale(layer, float(np.nanmin(z)), float(np.nanmax(z)), is_reversed=is_low_good)


def scale_of_all(layer: Layer, fields: Sequence[Field]) -> Scale:
    """Return one scale for maps side by side."""
    high = max(float(field.max()) for field in fields)
    low = min(float(field.min()) for field in fields)
    is_log = layer.is_probability
    return Scale(layer, max(high / SPAN, low) if is_log else low, high, is_log=is_log)


def default_colour(layer: Layer, n_cells: int) -> str:
    """Return how the colours of a layer run unless the reader chose: `linear` or `log`."""
    return "log" if layer.is_probability and n_cells > LINEAR_UP_TO_CELLS else "linear"


def _of_shares(layer: Layer, p: Field, *, is_log: bool) -> Scale:
    highest = float(np.nanmax(p))
    top = next((one for one in ROUND_TOPS if highest <= one), 1.0)
    if not is_log:
        return Scale(layer, 0.0, top)
    lowest = float(np.nanmin(np.where(p > 0, p, top)))
    bottom = min(HIGHEST_FLOOR, max(FLOOR, 10.0 ** np.floor(np.log10(lowest) + 1e-9)))
    return Scale(layer, float(bottom / 10 if bottom > top / 2 else bottom), top, is_log=True)
