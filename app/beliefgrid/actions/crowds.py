"""Queries about many results at once, for pages that must stay fast with 100,000 trials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.recall import Recall
from beliefgrid.actions.record import OFF_THE_GRID, Ints, Record, Tested, by_cell, record_at
from beliefgrid.actions.regrid import is_same_grid, known_at
from beliefgrid.actions.views import StudyView
from beliefgrid.storage import crowds, studies
from beliefgrid.storage.among import Among

MOST_KEPT = 64
WITHOUT_VALUE = frozenset({"queued", "active", "failed", "infeasible", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class Point:
    """One result: its place among all (from 0), its trial, its value and the best up to it."""

    position: int
    number: int
    value: float
    best: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of a study's results, in order: an even sample, every improvement, the last."""

    total: int
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What was known of cells at an event: those with results, and those that do not work."""

    tested: Tested
    infeasible: Ints


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which trials of a study are looked at."""

    state: str | None = None
    worker: str | None = None
    low: float | None = None
    high: float | None = None
    levels: tuple[tuple[str, Any], ...] = ()
    cells: tuple[int, ...] = ()  # that have the levels, if they are not too many

    @property
    def among(self) -> Among:
        """What is asked beyond state and worker."""
        return Among(self.low, self.high, self.levels, self.cells)


EVERY = Chosen()


def history_sample(c: Connection, study_id: str, *, most: int, chosen: Chosen = EVERY) -> Sample:
    """Return the results of a study to draw."""
    return sample_of(c, read.study(c, study_id), most=most, chosen=chosen)


def sample_of(c: Connection, study: StudyView, *, most: int, chosen: Chosen = EVERY) -> Sample:
    """Return the results of a study to draw, all or of some trials."""

    def find() -> Sample:
        if chosen == EVERY:
            record = record_at(c, study.id, study.seq, newest=study.revision)
            return _sampled(record, most=most, goal=study.goal)
        rows = crowds.history_sample(
            c, study.id, most=most, goal=study.goal,
            state=chosen.state, worker=chosen.worker, among=chosen.among,
        )  # fmt: skip
        points = [Point(int(row.position), int(row.number), row.value, row.best) for row in rows]
        return Sample(int(rows[-1].total) if rows else 0, points)

    # Each result, correction, deletion and restoration changes one of these.
    moment = (study.result_seq, study.observations, study.last_result_at)
    return _SAMPLES.get((study.id, most, moment, chosen), find)


def _sampled(record: Record, *, most: int, goal: str) -> Sample:
    is_result = ~np.isnan(record.values)
    numbers, values = record.numbers[is_result], record.values[is_result]
    best = (np.maximum if goal == "maximize" else np.minimum).accumulate(values)
    total = values.size
    positions = np.arange(total)
    # A power of two: while it stays, every point of the sample does, and a page fetches one more.
    step = 1 << max(0, -(-total // most) - 1).bit_length()
    is_even = positions % step == 0
    is_better = np.append(True, best[1:] != best[:-1])[:total]
    kept = np.flatnonzero(is_even | is_better | (positions == total - 1)).tolist()
    points = [Point(i, int(numbers[i]), float(values[i]), float(best[i])) for i in kept]
    return Sample(total, points)


def known_in(c: Connection, study_id: str, seq: int, *, revision: int, newest: int) -> Knowledge:
    """Return what was known at an event, in the cells of a revision's grid.

    `newest` is the revision that the study has now.
    """
    key = study_id, seq, revision, newest
    return _KNOWN.get(key, lambda: _known_in(c, study_id, seq, revision, newest))


def _known_in(c: Connection, study_id: str, seq: int, revision: int, newest: int) -> Knowledge:
    is_same = is_same_grid(c, study_id, revision, newest)
    row = None if is_same else studies.find(c, study_id)
    if row is None:
        record = record_at(c, study_id, seq, newest=newest)
        cells, values = record.cells, record.values
    else:
        found = known_at(c, row, seq, revision)
        cells = np.array([one.cell for one in found], dtype=np.int64)
        values = np.array([one.value for one in found], dtype=np.float64)  # None becomes NaN
    is_here, is_result = cells != OFF_THE_GRID, ~np.isnan(values)
    tested = by_cell(cells[is_here & is_result], values[is_here & is_result])
    return Knowledge(tested, cells[is_here & ~is_result])


_SAMPLES: Recall[Sample] = Recall(MOST_KEPT)
_KNOWN: Recall[Knowledge] = Recall(MOST_KEPT)
