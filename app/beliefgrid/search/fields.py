"""A posterior over all cells in few bytes: log2 p in steps of 1/8 bit, one byte a cell."""

import zlib

import numpy as np

from beliefgrid.search.arrays import Floats, Reals
from beliefgrid.search.errors import FieldShapeError

STEPS_PER_BIT = 8
TOP = 255  # the byte of p = 1; 1 is 2^-31.75 or less; 0 is exactly zero
COMPRESSION = 6


def encode_field(p_best: Reals) -> bytes:
    """Return probabilities as compressed bytes; the total variation error is about 1 %."""
    p = np.asarray(p_best, dtype=np.float64)
    with np.errstate(divide="ignore"):
        steps = np.clip(TOP + np.rint(STEPS_PER_BIT * np.log2(p)), 1, TOP)
    return zlib.compress(np.where(p > 0, steps, 0).astype(np.uint8).tobytes(), COMPRESSION)


def decode_field(field: bytes, n_cells: int) -> Floats:
    """Return the probabilities that were encoded, shape (n_cells,), summing to 1.

    Raises:
        FieldShapeError: it is not a field of that many cells.
    """
    try:
        steps = np.frombuffer(zlib.decompress(field), dtype=np.uint8)
    except zlib.error as error:
        raise FieldShapeError("expected a field as `encode_field` makes it") from error
    if len(steps) != n_cells:
        raise FieldShapeError(f"expected a field of {n_cells:,} cells, got {len(steps):,}")
    p = np.exp2((_ALL_STEPS - TOP) / STEPS_PER_BIT)
    p[0] = 0.0
    decoded = p[steps]
    return np.asarray(decoded / max(decoded.sum(), np.finfo(float).tiny))


_ALL_STEPS = np.arange(TOP + 1, dtype=np.float64)
