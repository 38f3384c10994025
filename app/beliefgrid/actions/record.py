"""The outcomes of a study as arrays: read once, and then only what came since.

An event never changes what counted at an earlier one, and what an event takes out of count has
its number. So the record of a later event is that of an earlier one and a few rows more, unless
something was taken out between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid.actions.recall import Recall
from beliefgrid.storage import crowds
from beliefgrid.storage.rows import AnyRow

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

OFF_THE_GRID = -1
MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class Record:
    """The outcomes that counted at an event, in their order; shape (N,) each.

    seqs: of the events at which they came.
    numbers: of their trials.
    cells: where they are; -1 off the grid of now.
    values: the results; NaN where a cell was found not to work.
    stddevs: of the results; NaN where none was told.
    """

    seq: int
    seqs: Ints
    numbers: Ints
    cells: Ints
    values: Floats
    stddevs: Floats

    def extended(self, rows: Sequence[AnyRow], seq: int) -> "Record":
        """Return the record of a later event."""
        seqs, numbers, cells, values, stddevs = zip(*rows, strict=True) if rows else ((),) * 5
        here = [OFF_THE_GRID if cell is None else cell for cell in cells]
        return Record(
            seq,
            np.append(self.seqs, np.array(seqs, dtype=np.int64)),
            np.append(self.numbers, np.array(numbers, dtype=np.int64)),
            np.append(self.cells, np.array(here, dtype=np.int64)),
            np.append(self.values, np.array(values, dtype=np.float64)),
            np.append(self.stddevs, np.array(stddevs, dtype=np.float64)),
        )

    def cut(self, seq: int) -> "Record":
        """Return the record of an earlier event."""
        n = int(np.searchsorted(self.seqs, seq, side="right"))
        return Record(
            seq,
            self.seqs[:n],
            self.numbers[:n],
            self.cells[:n],
            self.values[:n],
            self.stddevs[:n],
        )


_NONE = np.zeros(0, np.int64)
EMPTY = Record(0, _NONE, _NONE, _NONE, np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Tested:
    """The cells that have results, in the order of their first ones; shape (C,) each.

    first: which result of all the first one was, from 0.
    starts: where a cell's results begin in `values`, which has those of all cells, shape (N,).
    """

    cells: Ints
    first: Ints
    counts: Ints
    means: Floats
    starts: Ints
    values: Floats

    def results(self, place: int) -> list[float]:
        """Return the results of the cell at a place, in their order."""
        start = int(self.starts[place])
        found: list[float] = self.values[start : start + int(self.counts[place])].tolist()
        return found


def record_at(c: Connection, study_id: str, seq: int, *, newest: int) -> Record:
    """Return the outcomes that counted at an event; `newest` is the study's revision of now."""
    held = _NEWEST.get((study_id, newest), lambda: [EMPTY])
    base = held[0]
    if base.seq == seq:
        return base
    if crowds.has_removed(c, study_id, *sorted((base.seq, seq))):
        base = EMPTY
    elif base.seq > seq:  # a posterior that has not seen the newest results
        return base.cut(seq)
    found = base.extended(crowds.outcomes(c, study_id, after=base.seq, until=seq), seq)
    if seq > held[0].seq:
        held[0] = found
    return found


def by_cell(cells: Ints, values: Floats) -> Tested:
    """Return the cells of some results, which are given in order; shape (N,) each."""
    distinct, index, inverse, counts = np.unique(
        cells, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(index)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    together = values[np.argsort(rank[inverse], kind="stable")]
    counts = counts[order]
    starts = np.cumsum(counts) - counts
    sums = np.add.reduceat(together, starts) if starts.size else np.zeros(0)
    return Tested(distinct[order], index[order], counts, sums / counts, starts, together)


_NEWEST: Recall[list[Record]] = Recall(MOST_KEPT)
