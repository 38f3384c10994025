"""The layers of a posterior: what each is called, how it is coloured and what it means.

`static/js/layers.js` says the same to charts; a test compares them.
"""

from dataclasses import dataclass
from typing import Literal

from beliefgrid.dashboard.numbers import NOTHING, number, percent

RATIO = "ratio"
Reduce = Literal["sum", "max", "mean", "slice"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer."""

    name: str
    title: str
    palette: str
    reduce: Reduce
    unit: Literal["probability", "metric", "bits", "none"]
    meaning: str

    @property
    def is_probability(self) -> bool:
        """Whether values are shares of one whole."""
        return self.unit == "probability"

    @property
    def is_diverging(self) -> bool:
        """Whether values lie around 0, which says that nothing changed."""
        return self.unit == "bits"

    @property
    def has_unit(self) -> bool:
        """Whether values are in the metric's own units."""
        return self.unit == "metric"


_ALL = [
    Layer(
        "p_best", "P(best)", "cividis", "sum", "probability",
        "the chance that a cell is the best one of the grid, given all results",
    ),
    Layer(
        "mean", "predicted mean", "viridis", "mean", "metric",
        "what the model expects of a cell",
    ),
    Layer(
        "sd", "sd of the prediction", "rocket", "mean", "metric",
        "how unsure the model is of a cell: the standard deviation of its prediction",
    ),
    Layer(
        "acquisition", "acquisition score", "mako", "max", "none",
        "how much a test of the cell promises; the highest untested cell is next",
    ),
    Layer(
        "prior", "prior P(best)", "cividis", "sum", "probability",
        "the chance that a cell is the best one, before any result",
    ),
    Layer(
        RATIO, "posterior / prior, bits", "change", "sum", "bits",
        "how the results changed the prior: +1 bit is twice as likely, \N{MINUS SIGN}1 bit half",
    ),
    Layer(
        "p_feasible", "P(feasible)", "cividis", "mean", "none",
        "the chance that a cell works at all",
    ),
    Layer(
        "counts", "results", "mako", "sum", "none",
        "how many results a cell has",
    ),
]  # fmt: skip
LAYERS = {layer.name: layer for layer in _ALL}
REDUCES: tuple[tuple[Reduce, str], ...] = (
    ("sum", "sum over the other parameters"),
    ("max", "largest over the other parameters"),
    ("mean", "mean over the other parameters"),
    ("slice", "slice at fixed levels"),
)


def value_text(layer: Layer, value: float | None) -> str:
    """Return a value of a layer as text."""
    if value is None:
        return NOTHING
    if layer.is_probability:
        return percent(value)
    return number(value, 3 if layer.is_diverging else 4)
