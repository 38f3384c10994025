"""Orders of all cells that need no memory: the k-th cell is computed from k.

* `bayes`: an even walk. Steps of about the golden share of the grid, coprime to its size,
  visit every cell once, and each axis sees a Kronecker sequence of its own.
* `grid`: cell 0, 1, 2, ...
* `random`: a seeded permutation, by a Feistel network on the bits of k (Luby & Rackoff 1988),
  walked on while it leaves the grid.
"""

import math
from collections.abc import Callable, Iterator
from hashlib import blake2b

from beliefgrid.search.problem import Problem

GOLDEN_SHARE = (math.sqrt(5) - 1) / 2
FEISTEL_ROUNDS = 6


def next_untested(
    problem: Problem, count: int, *, taken: Callable[[int], bool], cursor: int
) -> tuple[list[int], int]:
    """Return up to `count` cells that are not taken, and the cursor to go on from.

    The walk is cyclic: a cell that was given back behind the cursor is found in the next round.
    """
    n_cells = problem.grid.n_cells
    cells: list[int] = []
    cell_at = order(problem)
    for step in range(n_cells):
        if len(cells) == count:
            return cells, (cursor + step) % n_cells
        cell = cell_at((cursor + step) % n_cells)
        if problem.is_allowed(cell) and not taken(cell):
            cells.append(cell)
    return cells, cursor % n_cells


def walk(problem: Problem) -> Iterator[int]:
    """Yield every cell that is searched once, in the order of the problem's strategy."""
    return filter(problem.is_allowed, map(order(problem), range(problem.grid.n_cells)))


def order(problem: Problem) -> Callable[[int], int]:
    """Return the function from k to the k-th cell."""
    n_cells, seed = problem.grid.n_cells, problem.seed
    if problem.strategy.name == "grid":
        return lambda k: k
    if problem.strategy.name == "random":
        return lambda k: _permuted(k, n_cells, seed)
    step, start = _golden_step(n_cells), _hash(seed, 0) % n_cells
    return lambda k: (start + k * step) % n_cells


def _golden_step(n_cells: int) -> int:
    """Return the number nearest to the golden share of the grid that is coprime to its size."""
    middle = round(GOLDEN_SHARE * n_cells)
    for distance in range(n_cells):
        for step in (middle + distance, middle - distance):
            if step > 0 and math.gcd(step, n_cells) == 1:
                return step
    return 1


def _permuted(k: int, n_cells: int, seed: int) -> int:
    half_bits = max(1, ((n_cells - 1).bit_length() + 1) // 2)
    while True:  # cycle walking: the network permutes up to 4 n_cells numbers, so this ends
        k = _feistel(k, half_bits, seed)
        if k < n_cells:
            return k


def _feistel(k: int, half_bits: int, seed: int) -> int:
    mask = (1 << half_bits) - 1
    left, right = k >> half_bits, k & mask
    for turn in range(FEISTEL_ROUNDS):
        left, right = right, left ^ (_hash(seed, (right << 8) | turn) & mask)
    return (left << half_bits) | right


def _hash(seed: int, number: int) -> int:
    digest = blake2b(f"{seed}/{number}".encode(), digest_size=8, person=b"beliefgrid walk").digest()
    return int.from_bytes(digest, "little")
