"""Randomness that depends on nothing but a study's seed, an event and a purpose."""

from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

POOL_SIZE = 1 << 22  # 4M float32 normals, 16 MB
POOL_SEED = 20_240_229  # belongs to the engine version: a change changes every posterior


def stream(seed: int, event: int, purpose: str) -> np.random.Generator:
    """Return a generator of its own for each use."""
    digest = blake2b(f"{seed}/{event}/{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def normals(generator: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return standard normals out of a fixed pool, in slices that begin at random places.

    Drawing them afresh would be the largest cost of a sample.
    """
    pool = _pool()
    pieces = []
    left = size
    while left > 0:
        start = int(generator.integers(POOL_SIZE))
        piece = pool[start : start + min(left, POOL_SIZE)]
        pieces.append(piece)
        if len(piece) < min(left, POOL_SIZE):
            pieces.append(pool[: min(left, POOL_SIZE) - len(piece)])
        left -= min(left, POOL_SIZE)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


@cache
def _pool() -> NDArray[np.float32]:
    generator = np.random.Generator(np.random.PCG64(POOL_SEED))
    pool = generator.standard_normal(POOL_SIZE, dtype=np.float32)
    pool.flags.writeable = False
    return pool
