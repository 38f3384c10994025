"""Rows of snapshots, and the ranked candidates that the newest one left for the asks."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from beliefgrid.storage.prepared import Prepared
from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import candidates, snapshots, studies, trials
from beliefgrid.storage.trials import IS_TAKEN, IS_UNDER_WAY

NUMBERS = (
    "best_value",
    "entropy_bits",
    "information_bits",
    "effective_cells",
    "cells_in_95",
    "expected_regret",
    "probability_within",
    "regret_epsilon",
    "expected_gain_10",
    "infeasible",
)
SECOND_LOOK = "repeat"  # the rule by which a tested cell is ranked
_BARE = select(*[column for column in snapshots.c if column.name != "field"])


_NOT_FLATTENED: ColumnElement[int] = literal_column(
    "0"
)  # an OFFSET of none: Postgres plans what it ends by itself


def _some_trial(of: Any, which: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(trials.c.id)
        .where(
            trials.c.study_id == bindparam("study_id"),
            trials.c.cell == of.c.cell,
            which,
            trials.c.deleted_at.is_(None),
        )
        # Else Postgres may read all trials of the study, to look one cell up.
        .offset(_NOT_FLATTENED)
        .exists()
    )


def _is_free(of: Any) -> ColumnElement[bool]:
    """Say whether a ranked cell may still be offered: it may have gone another way.

    It may have been queued by hand, or restored. One that is ranked for a second look has results,
    but no other trial may be under way there.
    """
    is_second_look = of.c.explanation["rule"].as_string() == literal(SECOND_LOOK)
    return or_(~_some_trial(of, IS_TAKEN), is_second_look & ~_some_trial(of, IS_UNDER_WAY))


# In order and one by one: else Postgres may look all of them up, and then sort.
_BY_RANK = (
    select(candidates.c.id, candidates.c.cell, candidates.c.explanation)
    .where(candidates.c.study_id == bindparam("study_id"))
    .order_by(candidates.c.rank, candidates.c.id)
    .offset(_NOT_FLATTENED)
    .subquery()
)
POP = (
    delete(candidates)
    .where(
        candidates.c.id
        == select(_BY_RANK.c.id).where(_is_free(_BY_RANK)).limit(1).scalar_subquery()
    )
    .returning(*(candidates.c[name] for name in ("cell", "rank", "explanation", "seq")))
)
# Trials that wait to be written took their cells off this list, or it was empty then.
_POP = Prepared(POP, reads_stored=True)
_EMPTY = Prepared(delete(candidates).where(candidates.c.study_id == bindparam("study_id")))
_DROP_TAKEN = Prepared(
    delete(candidates).where(
        candidates.c.study_id == bindparam("study_id"), not_(_is_free(candidates))
    )
)


def _ranking(elements: Any, *columns: ColumnElement[Any]) -> Prepared:
    """Return the statement that stores a list: its rank, cell and explanation out of JSON."""
    rank, cell, explanation = columns
    study, seq = bindparam("study_id", type_=String), bindparam("seq", type_=BigInteger)
    rows = select(study, rank, cell, seq, explanation).select_from(elements)
    names = ["study_id", "rank", "cell", "seq", "explanation"]
    return Prepared(insert(candidates).from_select(names, rows))


_WRITTEN = bindparam("written", type_=String)
_IN_SQLITE = func.json_each(_WRITTEN).table_valued("key", "value")
_IN_POSTGRES = (
    func.json_array_elements(cast(_WRITTEN, JSON))
    .table_valued("value", with_ordinality="place")
    .render_derived()
)
_RANK = {
    "sqlite": _ranking(
        _IN_SQLITE,
        _IN_SQLITE.c.key,
        func.json_extract(_IN_SQLITE.c.value, "$[0]"),
        func.json_extract(_IN_SQLITE.c.value, "$[1]"),
    ),
    "postgresql": _ranking(
        _IN_POSTGRES,
        _IN_POSTGRES.c.place - 1,
        cast(_IN_POSTGRES.c.value.op("->>")(0), BigInteger),
        _IN_POSTGRES.c.value.op("->")(1),
    ),
}
_ELAPSED = Prepared(
    select(snapshots.c.elapsed_ms).where(
        snapshots.c.study_id == bindparam("study_id"), snapshots.c.seq == bindparam("seq")
    ),
    reads_stored=True,
)
_DROP = Prepared(
    delete(candidates).where(
        candidates.c.study_id == bindparam("study"), candidates.c.cell == bindparam("gone")
    )
)


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store a snapshot."""
    c.execute(insert(snapshots), row)


def _number(*path: str) -> ColumnElement[Any]:
    number: ColumnElement[Any] = snapshots.c.summary[path].as_float()
    return number.label("_".join(path))


_PROGRESS = select(
    *(snapshots.c[name] for name in ("seq", "revision", "n_observations", "pending", "created_at")),
    *(_number("leader", name) for name in ("cell", "mean", "p_best")),
    _number("next", "cell"),
    *(_number(name) for name in NUMBERS),
    snapshots.c.summary["should_stop"].as_boolean().label("should_stop"),
)


def progress(c: Connection, study_id: str, *, after: int, limit: int) -> list[AnyRow]:
    """Return the numbers of snapshots in order; the database picks them out of the summaries."""
    query = _PROGRESS.where(snapshots.c.study_id == study_id, snapshots.c.seq > after)
    return list(c.execute(query.order_by(snapshots.c.seq).limit(limit)).all())


def find(
    c: Connection, study_id: str, seq: int | None = None, *, with_field: bool = False
) -> AnyRow | None:
    """Return the newest snapshot that is not after seq."""
    query = select(snapshots) if with_field else _BARE
    query = query.where(snapshots.c.study_id == study_id)
    if seq is not None:
        query = query.where(snapshots.c.seq <= seq)
    return c.execute(query.order_by(snapshots.c.seq.desc()).limit(1)).one_or_none()


def elapsed_ms(c: Connection, study_id: str, seq: int) -> float:
    """Return how long a snapshot took to compute."""
    found = _ELAPSED.first(c, {"study_id": study_id, "seq": seq})
    return 0.0 if found is None else float(found.elapsed_ms)


def listed(c: Connection, study_id: str, *, after: int, limit: int) -> list[AnyRow]:
    """Return snapshots in order, without their fields."""
    query = _BARE.where(snapshots.c.study_id == study_id, snapshots.c.seq > after)
    return list(c.execute(query.order_by(snapshots.c.seq).limit(limit)).all())


def newest_summaries(c: Connection, study_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return the summary of the newest snapshot of each study that has one."""
    query = select(snapshots.c.study_id, snapshots.c.summary).join(
        studies,
        (studies.c.id == snapshots.c.study_id) & (studies.c.snapshot_seq == snapshots.c.seq),
    )
    found = c.execute(query.where(studies.c.id.in_(study_ids))).all()
    return {row.study_id: row.summary for row in found}


def fields(c: Connection, study_id: str, first: int, last: int) -> list[AnyRow]:
    """Return (seq, revision, field) of the snapshots in a closed range, in order."""
    query = select(snapshots.c.seq, snapshots.c.revision, snapshots.c.field).where(
        snapshots.c.study_id == study_id, snapshots.c.seq >= first, snapshots.c.seq <= last
    )
    return list(c.execute(query.order_by(snapshots.c.seq)).all())


def count(c: Connection, study_id: str) -> int:
    """Count a study's snapshots."""
    query = select(func.count()).where(snapshots.c.study_id == study_id)
    return int(c.execute(query).scalar_one())


def remove_all(c: Connection, study_id: str) -> None:
    """Forget the snapshots of a study; they can be rebuilt from its events."""
    c.execute(delete(snapshots).where(snapshots.c.study_id == study_id))


def replace_candidates(c: Connection, study_id: str, seq: int, written: str) -> None:
    """Store the ranked cells that the next asks take, except those that are taken already.

    They come as the JSON text of a list of [cell, explanation], best first: the database takes it
    apart, since a thousand rows would keep this process from answering anybody.
    """
    _EMPTY.run(c, {"study_id": study_id})
    said = {"study_id": study_id, "seq": seq, "written": written}
    if _RANK[c.dialect.name].run(c, said):
        _DROP_TAKEN.run(c, {"study_id": study_id})


def pop_candidate(c: Connection, study_id: str) -> AnyRow | None:
    """Take the best-ranked cell off the list."""
    row: AnyRow | None = _POP.first(c, {"study_id": study_id})
    return row


def drop_candidate(c: Connection, study_id: str, cell: int) -> None:
    """Take a cell off the list because it went another way."""
    _DROP.run(c, {"study": study_id, "gone": cell})


def drop_candidates(c: Connection, study_id: str, cells: Collection[int]) -> None:
    """Take cells off the list."""
    c.execute(
        delete(candidates).where(candidates.c.study_id == study_id, candidates.c.cell.in_(cells))
    )


def put_candidate(c: Connection, row: dict[str, Any]) -> None:
    """Give a cell back to the list."""
    c.execute(insert(candidates), row)


def candidate_cells(c: Connection, study_id: str) -> list[int]:
    """Return the ranked cells, best first."""
    query = select(candidates.c.cell).where(candidates.c.study_id == study_id)
    return list(c.execute(query.order_by(candidates.c.rank, candidates.c.id)).scalars())
