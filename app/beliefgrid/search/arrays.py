"""Names for the arrays that the engine passes around."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Reals = NDArray[np.floating[Any]]  # float64, or float32 where an array is as large as the grid
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
