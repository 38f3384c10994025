"""What must hold in the database after every run, whatever happened in between.

I1 nothing that was promised is lost. I2 each trial counts once or not at all. I3 no cell is with
two live workers. I4 no cell is lost from the counts. I5 an answer that is kept for a repeat has
its effect. I6 what is believed can be computed again. I7 nothing that only grows goes back.
I8 and I9 (no 5xx from input, 503 on trouble) are seen in the answers; I10 in the tests of time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from beliefgrid.storage.tables import (
    events,
    idempotency_keys,
    observations,
    snapshots,
    studies,
    trials,
)
from tests.faults.load import Ledger

OUTCOME = {"completed": "value", "stopped": "value", "infeasible": "infeasible"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many promises of a ledger were broken; all must be zero."""

    lost: int
    mismatched: int
    double_counted: int
    to_two_workers: int

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def engine_on(url: str) -> Engine:
    """Return an engine that holds no connection, on a database that may be in use.

    What one connection reads is of one moment: a server may still be publishing a posterior.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, poolclass=NullPool, isolation_level="REPEATABLE READ")
    engine = create_engine(parsed, poolclass=NullPool)
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    return engine


def require_whole(url: str, ledger: Ledger | None = None, study: str = "") -> None:
    """Fail unless a database keeps every promise of a ledger, and all invariants."""
    with engine_on(url).connect() as c:
        found = list(broken(c))
        verdict = judged(c, ledger, study) if ledger is not None else None
    assert not found, found[:20]
    assert not verdict, verdict


def judged(c: Connection, ledger: Ledger, study: str) -> Verdict:
    """Compare what was answered with what is stored (I1, I2, I3)."""
    query = (
        select(trials.c.number, trials.c.state, observations.c.value)
        .select_from(trials.outerjoin(observations, observations.c.trial_id == trials.c.id))
        .where(trials.c.study_id == study)
    )
    stored: dict[int, list[Any]] = {}
    for row in c.execute(query):
        stored.setdefault(row.number, []).append(row)
    told = ledger.told
    lost = [n for n in told if not any(r.state == "completed" for r in stored.get(n, []))]
    lost += [n for n, _, _ in ledger.asked if n not in stored]
    workers: dict[int, set[str]] = {}
    for number, _, worker in ledger.asked:
        workers.setdefault(number, set()).add(worker)
    return Verdict(
        lost=len(lost),
        mismatched=sum(
            value not in [row.value for row in stored.get(n, [])]
            for n, value in told.items()
            if n not in lost
        ),
        double_counted=sum(len(rows) > 1 for rows in stored.values()),
        to_two_workers=sum(len(names) > 1 for names in workers.values()),
    )


def broken(c: Connection, study_id: str | None = None) -> Iterator[str]:
    """Yield a sentence for each invariant that does not hold, in one study or in all."""
    if c.dialect.name == "sqlite":
        (said,) = c.execute(text("PRAGMA quick_check")).one()
        if said != "ok":
            yield f"quick_check: {said}"
        if c.execute(text("PRAGMA foreign_key_check")).first() is not None:
            yield "a foreign key leads nowhere"
    query = select(studies) if study_id is None else select(studies).where(studies.c.id == study_id)
    for study in c.execute(query).all():
        for sentence in _of_study(c, study):
            yield f"{study.id}: {sentence}"
    yield from _kept_answers(c)


def _of_study(c: Connection, study: Any) -> Iterator[str]:
    of_trials = c.execute(select(trials).where(trials.c.study_id == study.id)).all()
    outcomes = c.execute(select(observations).where(observations.c.study_id == study.id)).all()
    current = [row for row in outcomes if row.removed_seq is None]
    yield from _counted_once(study, of_trials, current)
    yield from _no_double_lease(of_trials)
    yield from _no_lost_cell(study, of_trials, current)
    yield from _nothing_goes_back(c, study, of_trials, outcomes)


def _counted_once(study: Any, of_trials: Sequence[Any], current: Sequence[Any]) -> Iterator[str]:
    """I2."""
    valued = sum(row.kind == "value" for row in current)
    if study.observations != valued:
        yield f"I2: counts {study.observations} observations and has {valued}"
    per_trial = Counter(row.trial_id for row in current)
    yield from (f"I2: trial row {i} counts {n} times" for i, n in per_trial.items() if n > 1)
    kinds = {row.trial_id: row.kind for row in current}
    for trial in of_trials:
        expected = None if trial.deleted_at else OUTCOME.get(trial.state)
        if kinds.get(trial.id) != expected:
            yield f"I2: trial {trial.number} is {trial.state} and has {kinds.get(trial.id)}"


def _no_double_lease(of_trials: Sequence[Any]) -> Iterator[str]:
    """I3."""
    live = Counter(
        trial.cell
        for trial in of_trials
        if trial.state == "active" and trial.source == "suggested" and trial.deleted_at is None
    )
    yield from (f"I3: cell {cell} is leased {n} times" for cell, n in live.items() if n > 1)


def _no_lost_cell(study: Any, of_trials: Sequence[Any], current: Sequence[Any]) -> Iterator[str]:
    """I4."""
    there = [trial for trial in of_trials if trial.deleted_at is None]
    counts = dict(Counter(trial.state for trial in there))
    if counts != study.counts:
        yield f"I4: counts {study.counts} trials and has {counts}"
    closed = len({row.cell for row in current if row.cell is not None})
    if study.cells_closed != closed:
        yield f"I4: counts {study.cells_closed} closed cells and has {closed}"
    for trial in there:
        if trial.state != "active":
            continue
        if trial.lease_expires_at is None:
            yield f"I4: trial {trial.number} is active without an end"
        elif study.lease_due_at is None or study.lease_due_at > trial.lease_expires_at:
            yield f"I4: nobody looks when trial {trial.number} expires"


def _nothing_goes_back(
    c: Connection, study: Any, of_trials: Sequence[Any], outcomes: Sequence[Any]
) -> Iterator[str]:
    """I7."""
    query = select(events.c.seq).where(events.c.study_id == study.id).order_by(events.c.seq)
    seqs = list(c.execute(query).scalars())
    if seqs != list(range(1, study.seq + 1)):
        yield f"I7: {len(seqs)} events up to {seqs[-1] if seqs else 0}, and seq is {study.seq}"
    numbers = sorted(trial.number for trial in of_trials)
    if numbers != list(range(1, study.last_number + 1)):
        yield f"I7: {len(numbers)} trials, and the last one is {study.last_number}"
    if any(row.seq > study.seq for row in outcomes):
        yield "I7: an observation is newer than the study"
    query = select(snapshots.c.seq).where(snapshots.c.study_id == study.id)
    stored = set(c.execute(query).scalars())
    if study.snapshot_seq and study.snapshot_seq not in stored:
        yield f"I7: the newest snapshot {study.snapshot_seq} is not there"
    if stored and max(stored) != study.snapshot_seq:
        yield f"I7: a snapshot {max(stored)} is newer than the newest, {study.snapshot_seq}"
    is_level = study.snapshot_seq == study.result_seq
    if study.snapshot_results > study.results or study.snapshot_seq > study.result_seq:
        yield "I7: the posterior has seen more than there is"
    if is_level != (study.snapshot_results == study.results):
        yield (
            f"I7: snapshot {study.snapshot_seq} of result {study.result_seq}, but "
            f"{study.snapshot_results} of {study.results} results seen"
        )


def _kept_answers(c: Connection) -> Iterator[str]:
    """I5: a trial that an answer names is there."""
    numbers = set(c.execute(select(trials.c.number)).scalars())
    for row in c.execute(select(idempotency_keys)):
        body = json.loads(row.body) if row.body else {}
        if row.status >= 500:
            yield f"I5: an answer {row.status} is kept"
        named = body.get("trials") if isinstance(body, dict) else None
        yield from (
            f"I5: an answer names trial {trial['number']}, which is not there"
            for trial in (named if isinstance(named, list) else [])
            if trial["number"] not in numbers
        )
