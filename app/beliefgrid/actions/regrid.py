"""The grid of a study is edited while it is searched.

Assignments are the truth and a cell is only their number in one grid: trials and observations
get the numbers of the new one, and what lies off it has none. Snapshots keep the numbers of the
revision that they belong to; what an older one was made of is read back through assignments.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from beliefgrid.actions.change import Change
from beliefgrid.actions.definitions import normalised, problem_of
from beliefgrid.actions.errors import GridEditInvalidError
from beliefgrid.search import Grid, Parameter, Problem, SearchError
from beliefgrid.storage import cells as cell_rows
from beliefgrid.storage import observations
from beliefgrid.storage import snapshots as candidate_rows
from beliefgrid.storage.rows import AnyRow

MOST_PLACED = 20_000  # of the largest cells, where each has to be looked up


class Known(NamedTuple):
    """An outcome in the numbering of some revision."""

    cell: int
    kind: str
    value: Any  # a number; None where the kind is `infeasible`
    stddev: float | None


def edited_grid(
    study: Change, parameters: list[dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what of the definition changes with new parameters, and what was added and removed.

    Raises:
        SearchError: such a grid cannot be searched.
        GridEditInvalidError: the parameters are not those of the study with other levels.
    """
    before = study.problem.grid
    after = Grid.from_definition(parameters)
    _require_same_axes(before, after)
    prior = prior_on(before, after, study.definition.get("prior"))
    said: dict[str, Any] = {"added": {}, "removed": {}}
    for old, new in zip(before.parameters, after.parameters, strict=True):
        for name, here, there in (("added", new, old), ("removed", old, new)):
            levels = [value for value in here.values if level_of(there, value) is None]
            if levels:
                said[name][old.name] = levels
    return {"parameters": after.to_definition(), "prior": prior}, said


def renumber(study: Change, definition: dict[str, Any]) -> None:
    """Give everything that names a cell its number in the grid of a new definition."""
    before = study.problem.grid
    _, problem = normalised(definition)
    moved = {
        cell: cell_at(problem.grid, before.assignments(cell))
        for cell in cell_rows.used(study.c, study.id)
    }
    placed = {
        row.id: cell
        for row in cell_rows.off_grid(study.c, study.id)
        if (cell := cell_at(problem.grid, row.assignments)) is not None
    }
    cell_rows.renumber(study.c, study.id, moved, placed)
    recount(study, definition)


def recount(study: Change, definition: dict[str, Any]) -> None:
    """Count the cells that a new definition searches, and offer none of the others."""
    _, problem = normalised(definition)
    closed = sum(problem.is_allowed(cell) for cell in cell_rows.closed(study.c, study.id))
    study.set(n_cells=problem.n_allowed, cells_closed=closed, walk_cursor=0)
    offered = candidate_rows.candidate_cells(study.c, study.id)
    gone = [cell for cell in offered if not problem.is_allowed(cell)]
    if gone:
        candidate_rows.drop_candidates(study.c, study.id, gone)


def is_same_grid(c: Connection, study_id: str, revision: int, other: int) -> bool:
    """Say whether cells have the same numbers in two revisions."""
    if revision == other:
        return True
    return _grid(c, study_id, revision) == _grid(c, study_id, other)


def known_at(c: Connection, row: AnyRow, seq: int, revision: int) -> list[Known]:
    """Return the outcomes that counted at an event, by their cells in a revision's grid."""
    if is_same_grid(c, row.id, revision, row.revision):
        found = observations.at(c, row.id, seq)
        return [Known(one.cell, one.kind, one.value, one.stddev) for one in found]
    place = Places(c, row.id, row.revision, revision)
    listed = [
        (place(one.cell) if one.cell is not None else cell_at(place.after, one.assignments), one)
        for one in cell_rows.known(c, row.id, seq)
    ]
    return [
        Known(cell, one.kind, one.value, one.stddev) for cell, one in listed if cell is not None
    ]


class Places:
    """The cells of one revision as those of another; each is worked out once."""

    def __init__(self, c: Connection, study_id: str, revision: int, other: int) -> None:
        self.before = _grid(c, study_id, revision)
        self.after = _grid(c, study_id, other)
        self._found: dict[int, int | None] = {}

    def __call__(self, cell: int) -> int | None:
        """Return a cell's number in the other revision, None if it is not there."""
        if cell not in self._found:
            self._found[cell] = cell_at(self.after, self.before.assignments(cell))
        return self._found[cell]

    def field(self, field: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a field over all cells as one over the other grid; 0 in what it did not know."""
        moved = np.zeros(self.after.shape)
        if self.before.conditions.conditions:
            return self._cell_by_cell(field)  # their numbers do not say their levels alone
        kept, places = [], []
        for old, new in zip(self.before.parameters, self.after.parameters, strict=True):
            levels = [level_of(new, value) for value in old.values]
            kept.append([i for i, level in enumerate(levels) if level is not None])
            places.append([level for level in levels if level is not None])
        moved[np.ix_(*places)] = field.reshape(self.before.shape)[np.ix_(*kept)]
        return moved.ravel()

    def _cell_by_cell(self, field: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = np.zeros(self.after.n_cells)
        for cell in np.argsort(-field, kind="stable")[:MOST_PLACED].tolist():
            place = self(cell) if field[cell] > 0 else None
            if place is not None:
                moved[place] = field[cell]
        return moved


def places_in(c: Connection, study_id: str, revision: int, other: int) -> Places | None:
    """Return where the cells of a revision are in another one; None if that is where they are."""
    if is_same_grid(c, study_id, revision, other):
        return None
    return Places(c, study_id, revision, other)


def cell_at(grid: Grid, assignments: Mapping[str, Any]) -> int | None:
    """Return the cell of a combination that may lack what matters only in this grid."""
    try:
        return grid.cell(assignments)
    except SearchError:
        return None


def level_of(parameter: Parameter, value: Any) -> int | None:
    """Return which level a value is: 8 is 8.0, but true is not 1."""
    for level, other in enumerate(parameter.values):
        if other == value and isinstance(other, bool) == isinstance(value, bool):
            return level
    return None


# ---------------------------------------------------------------- the prior
def prior_on(before: Grid, after: Grid, prior: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a prior for an edited grid.

    A new level weighs what its nearest neighbour did; a new category, the mean of the others.
    """
    if not prior:
        return prior
    weights = [
        _weights(old, new) for old, new in zip(before.parameters, after.parameters, strict=True)
    ]
    moved = dict(prior)
    if prior.get("axes") is not None:
        moved["axes"] = {
            name: (weights[before.axis(name)] @ np.array(given, dtype=np.float64)).tolist()
            for name, given in prior["axes"].items()
        }
    if prior.get("table") is not None:
        table = np.array(prior["table"], dtype=np.float64).reshape(before.shape)
        for axis, matrix in enumerate(weights):
            table = np.moveaxis(np.tensordot(matrix, table, axes=(1, axis)), 0, axis)
        moved["table"] = table.tolist()
    if prior.get("cells") is not None:
        moved["cells"] = [
            entry for entry in prior["cells"] if cell_at(after, entry["assignments"]) is not None
        ]
    return moved


def _weights(old: Parameter, new: Parameter) -> NDArray[np.float64]:
    """Return (levels after, levels before): how much each old level says of a new one."""
    found = np.zeros((len(new.values), len(old.values)))
    for level, value in enumerate(new.values):
        same = level_of(old, value)
        if same is not None:
            found[level, same] = 1
        elif old.is_ordered:
            found[level, _nearest(old, new, level)] = 1
        else:
            found[level] = 1 / len(old.values)
    return found


def _nearest(old: Parameter, new: Parameter, level: int) -> int:
    """Return the old level that lies nearest on the new axis."""
    places = new.coordinates()
    kept = {
        same: i for i, value in enumerate(new.values) if (same := level_of(old, value)) is not None
    }
    if not kept:
        return 0
    return min(kept, key=lambda same: (abs(places[kept[same]] - places[level]), same))


def _require_same_axes(before: Grid, after: Grid) -> None:
    def axes(grid: Grid) -> list[tuple[str, str, Any]]:
        return [(p.name, p.kind, p.when) for p in grid.parameters]

    if axes(before) != axes(after):
        names = ", ".join(f"{p.name} ({p.kind})" for p in before.parameters)
        raise GridEditInvalidError(
            f"expected the study's parameters, {names}, in this order and with other levels; a "
            "grid with other parameters is another study"
        )


def _grid(c: Connection, study_id: str, revision: int) -> Grid:
    problem: Problem = problem_of(c, study_id, revision)
    return problem.grid
