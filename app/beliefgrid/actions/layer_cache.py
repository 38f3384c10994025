"""Layers that were computed for charts, kept for the next page that shows them."""

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray


class LayerCache:
    """The layers that charts asked for last."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: OrderedDict[tuple[str, int, str], NDArray[np.floating[Any]]] = OrderedDict()

    def get(self, key: tuple[str, int, str]) -> NDArray[np.floating[Any]] | None:
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def put(self, key: tuple[str, int, str], layer: NDArray[np.floating[Any]]) -> None:
        self._held[key] = layer
        while sum(held.nbytes for held in self._held.values()) > self._most:
            self._held.popitem(last=False)
