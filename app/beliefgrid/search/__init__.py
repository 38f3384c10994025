"""The engine: Bayesian search over a finite grid.

Pure functions on plain data: no clock, no input or output, no hidden randomness. Everything
that a caller may use is importable from here. `update` and `layers` load scipy when they are
first used, so that a web process which only needs the grid stays small.
"""

from typing import TYPE_CHECKING, Any

from beliefgrid.search.errors import SearchError
from beliefgrid.search.fields import decode_field, encode_field
from beliefgrid.search.grid import Grid
from beliefgrid.search.matrix import REDUCES, Matrix, reduce_matrix
from beliefgrid.search.observations import Observations
from beliefgrid.search.parameters import Parameter, Value
from beliefgrid.search.picture import Picture
from beliefgrid.search.posterior import Belief, Candidate, Posterior
from beliefgrid.search.prior import Prior
from beliefgrid.search.problem import Problem, Stopping, Strategy, check_value
from beliefgrid.search.theta import Theta
from beliefgrid.search.version import ENGINE_VERSION
from beliefgrid.search.walk import next_untested

if TYPE_CHECKING:
    from beliefgrid.search.engine import LAYERS, importance, layer_matrix, layers, update

__all__ = [
    "ENGINE_VERSION",
    "LAYERS",
    "REDUCES",
    "Belief",
    "Candidate",
    "Grid",
    "Matrix",
    "Observations",
    "Parameter",
    "Picture",
    "Posterior",
    "Prior",
    "Problem",
    "SearchError",
    "Stopping",
    "Strategy",
    "Theta",
    "Value",
    "check_value",
    "decode_field",
    "encode_field",
    "importance",
    "layer_matrix",
    "layers",
    "next_untested",
    "reduce_matrix",
    "update",
]


def __getattr__(name: str) -> Any:
    if name in ("LAYERS", "importance", "layer_matrix", "layers", "update"):
        from beliefgrid.search import engine

        return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
