"""Which trials are meant, beyond their state and worker: by value and by levels."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    String,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from beliefgrid.storage.tables import observations, trials

FEW = 2000  # trials that are sorted faster than an index of all is read


@dataclass(frozen=True, slots=True)
class Among:
    """A range of values, both ends included, and levels that parameters have.

    cells: those that have the levels, if they are known and not too many; a short way to trials.
    """

    low: float | None = None
    high: float | None = None
    levels: tuple[tuple[str, Any], ...] = ()
    cells: tuple[int, ...] = ()

    def conditions(
        self, c: Connection, few: Sequence[int] | None = None
    ) -> list[ColumnElement[bool]]:
        """Return what this asks of trials joined with their current observations.

        Of few trials, which must be named by their study, not by that of their observations: an
        index of all values would be taken for a short way.
        """
        found = [_has_level(c, name, value) for name, value in self.levels]
        if few is not None:
            found.append(trials.c.id.in_(few))
        if self.low is not None:
            found.append(observations.c.value >= self.low)
        if self.high is not None:
            found.append(observations.c.value <= self.high)
        return found

    def few(self, c: Connection, study_id: str) -> list[int] | None:
        """Return the trials that may have the levels, unless they are many or not known.

        A trial off the grid of now has no cell, and its combination is looked at.
        """
        if not self.cells:
            return None
        here = or_(trials.c.cell.in_(self.cells), trials.c.cell.is_(None))
        query = select(trials.c.id).where(trials.c.study_id == study_id, here).limit(FEW + 1)
        found = list(c.execute(query).scalars())
        return found if len(found) <= FEW else None


ALL = Among()


def _has_level(c: Connection, name: str, value: Any) -> ColumnElement[bool]:
    """Return whether a trial's combination has a level."""
    if c.dialect.name == "sqlite":  # which reads JSON into its own types
        kind = String() if isinstance(value, str) else Integer() if _is_whole(value) else Float()
        wanted = literal(value, kind)
        if '"' in name:  # which a path cannot spell
            each = func.json_each(trials.c.assignments).table_valued("key", "value")
            same = type_coerce(each.c.value, NullType()) == wanted
            return exists().where(each.c.key == name, same)
        given = func.json_extract(trials.c.assignments, f'$."{name}"', type_=NullType())
        return given == wanted
    text = trials.c.assignments.op("->>", return_type=String())(literal(name, String()))
    return text.in_([literal(spelled, String()) for spelled in _spellings(value)])


def _is_whole(value: Any) -> bool:
    return isinstance(value, int)  # true and false are read as 1 and 0


def _spellings(value: Any) -> list[str]:
    """Return the texts that stand for a level in JSON: 8 is also 8.0."""
    if isinstance(value, str):
        return [value]
    texts = [json.dumps(value)]
    if isinstance(value, int) and not isinstance(value, bool):
        texts.append(json.dumps(float(value)))
    elif isinstance(value, float) and value.is_integer():
        texts.append(json.dumps(int(value)))
    return texts
