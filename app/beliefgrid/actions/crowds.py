"""Queries about many results at once, for pages that must stay fast with 100,000 trials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import read
from beliefgrid.actions.recall import Recall
from beliefgrid.actions.regrid import Known, is_same_grid, known_at
from beliefgrid.actions.views import StudyView
from beliefgrid.storage import crowds, studies
from beliefgrid.storage.among import Among
from beliefgrid.storage.rows import AnyRow

MOST_VALUES = 4
MOST_KEPT = 64


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
class TestedCell:
    """A cell with results: when it got its first, how many, their mean, and the few there are.

    `values` holds the mean alone where there are more than four results.
    """

    cell: int
    first: int
    count: int
    mean: float
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which trials of a study are looked at."""

    state: str | None = None
    worker: str | None = None
    low: float | None = None
    high: float | None = None
    levels: tuple[tuple[str, Any], ...] = ()

    @property
    def among(self) -> Among:
        """What is asked beyond state and worker."""
        return Among(self.low, self.high, self.levels)


EVERY = Chosen()


def history_sample(c: Connection, study_id: str, *, most: int, chosen: Chosen = EVERY) -> Sample:
    """Return the results of a study to draw."""
    return sample_of(c, read.study(c, study_id), most=most, chosen=chosen)


def sample_of(c: Connection, study: StudyView, *, most: int, chosen: Chosen = EVERY) -> Sample:
    """Return the results of a study to draw, all or of some trials."""

    def find() -> Sample:
        rows = crowds.history_sample(
            c, study.id, most=most, goal=study.goal,
            state=chosen.state, worker=chosen.worker, among=chosen.among,
        )  # fmt: skip
        points = [Point(int(row.position), int(row.number), row.value, row.best) for row in rows]
        return Sample(int(rows[-1].total) if rows else 0, points)

    # Each result, correction, deletion and restoration changes one of these.
    moment = (study.result_seq, study.observations, study.last_result_at)
    return _SAMPLES.get((study.id, most, moment, chosen), find)


def tested(c: Connection, study_id: str, seq: int) -> list[TestedCell]:
    """Return the cells that had a result at an event, in the order of their first ones."""
    return [
        TestedCell(int(row.cell), int(row.first), int(row.results), row.mean, _values(row))
        for row in crowds.tested(c, study_id, seq, most_values=MOST_VALUES)
    ]


def infeasible(c: Connection, study_id: str, seq: int) -> list[int]:
    """Return the cells that were known not to work at an event."""
    return crowds.infeasible(c, study_id, seq)


def known_in(
    c: Connection, study_id: str, seq: int, *, revision: int, newest: int
) -> tuple[list[TestedCell], list[int]]:
    """Return the tested and the infeasible cells of an event, as cells of a revision's grid.

    `newest` is the revision that the study has now.
    """
    key = study_id, seq, revision, newest
    return _KNOWN.get(key, lambda: _known_in(c, study_id, seq, revision, newest))


def _known_in(
    c: Connection, study_id: str, seq: int, revision: int, newest: int
) -> tuple[list[TestedCell], list[int]]:
    is_same = is_same_grid(c, study_id, revision, newest)
    row = None if is_same else studies.find(c, study_id)
    if row is None:
        return tested(c, study_id, seq), infeasible(c, study_id, seq)
    found = known_at(c, row, seq, revision)
    return (
        _grouped([one for one in found if one.kind == "value"]),
        [one.cell for one in found if one.kind == "infeasible"],
    )


def _grouped(results: Sequence[Known]) -> list[TestedCell]:
    by_cell: dict[int, tuple[int, list[float]]] = {}
    for position, one in enumerate(results):
        by_cell.setdefault(one.cell, (position, []))[1].append(float(one.value))
    found = []
    for cell, (first, values) in by_cell.items():
        mean = sum(values) / len(values)
        few = values if len(values) <= MOST_VALUES else [mean]
        found.append(TestedCell(cell, first, len(values), mean, few))
    return found


def _values(row: AnyRow) -> list[float]:
    return [float(text) for text in row.texts.split(",")] if row.texts else [row.mean]


_SAMPLES: Recall[Sample] = Recall(MOST_KEPT)
_KNOWN: Recall[tuple[list[TestedCell], list[int]]] = Recall(MOST_KEPT)
