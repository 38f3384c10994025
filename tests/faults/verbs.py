"""Every way to change a study, each ready to be done once."""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from beliefgrid.actions import (
    ask,
    correct,
    create,
    expire,
    heartbeat,
    manage,
    queue,
    release,
    tell,
    trials_edit,
)
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import Update, compute_update
from beliefgrid.actions.idempotency import Once
from beliefgrid.actions.service import Service
from beliefgrid.storage.tables import (
    candidates,
    events,
    idempotency_keys,
    observations,
    snapshots,
    studies,
    trials,
)

DEFINITION = {
    "parameters": [
        {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
        {"name": "size", "kind": "ordered", "values": [8, 16, 32], "scale": "linear"},
    ],
    "metrics": [{"name": "loss", "goal": "minimize"}],
}
COMBINATION = {"rate": 0.1, "size": 32}
COLUMNS = (
    "state", "seq", "results", "snapshot_results", "last_number", "observations", "cells_closed",
    "version", "counts",
)  # fmt: skip
Verb = Callable[["Stage"], Awaitable[Any]]


@dataclass(slots=True)
class Stage:
    """A study in which trial 1 is completed, trial 2 is live and trial 3 is measured."""

    service: Service
    study: str
    key: str
    task: updates.Task
    update: Update

    async def once(self, action: Any, *args: Any, **kwargs: Any) -> Any:
        """Do an action under this stage's key."""
        once = Once(self.key, "faults", "f" * 64)
        return await self.service.write_once(once, _rendered, action, *args, **kwargs)

    async def of_study(self, action: Any, *args: Any, **kwargs: Any) -> Any:
        """Do an action of the study under this stage's key."""
        return await self.once(action, self.study, *args, **kwargs)


def _rendered(result: Any) -> tuple[int, str]:
    named = [{"number": trial.number} for trial in getattr(result, "trials", [])]
    return 201, json.dumps({"trials": named})


def _ask(stage: Stage, worker: str) -> Awaitable[Any]:
    return stage.of_study(
        ask.ask, worker=worker, count=2, lease_seconds=60, rules=stage.service.rules
    )


def _late(stage: Stage) -> Awaitable[Any]:
    later = stage.service.clock() + timedelta(days=1)
    work = lambda c, now: expire.expire(c, stage.study, now=later)  # noqa: ARG005 - injected time
    return stage.service.write(work)


VERBS: dict[str, Verb] = {
    "ask": lambda s: _ask(s, "v"),
    "ask again": lambda s: _ask(s, "w"),
    "tell": lambda s: s.of_study(tell.observe, 2, value=0.5),
    "measure": lambda s: s.of_study(tell.measure, 2, measurements=[{"step": 1, "value": 2.0}]),
    "fail": lambda s: s.of_study(tell.fail, 2, kind="failed", reason="r"),
    "infeasible": lambda s: s.of_study(tell.fail, 2, kind="infeasible", reason="r"),
    "heartbeat": lambda s: s.of_study(heartbeat.heartbeat, 2, lease_seconds=90),
    "release": lambda s: s.of_study(release.release, 2),
    "stop": lambda s: s.of_study(release.stop, 3),
    "queue": lambda s: s.of_study(queue.queue_trial, assignments=COMBINATION),
    "import": lambda s: s.of_study(
        queue.import_batch,
        rows=[{"assignments": COMBINATION, "value": float(i)} for i in range(3)],
    ),
    "correct": lambda s: s.of_study(correct.correct, 1, value=0.75),
    "delete a trial": lambda s: s.of_study(trials_edit.delete_trial, 1),
    "delete": lambda s: s.of_study(manage.delete_study),
    "create": lambda s: s.once(create.create_study, definition=DEFINITION, name="another"),
    "expire": _late,
    "publish": lambda s: s.service.write(updates.publish, s.task, s.update),
}


class Stages:
    """Makes one stage after the other; the posterior is computed once for all."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._first: Update | None = None
        self._second: Update | None = None

    async def next(self) -> Stage:
        """Return a new study to act on."""
        service = self._service
        made = await service.write(create.create_study, definition=DEFINITION, name="a study")
        study = made.id
        task = await self._due(study)
        self._first = self._first or compute_update(task.recipe, None)
        await service.write(updates.publish, task, self._first)
        await service.write(
            ask.ask, study, worker="w", count=3, lease_seconds=60, rules=service.rules
        )
        await service.write(tell.observe, study, 1, value=0.25)
        await service.write(tell.measure, study, 3, measurements=[{"step": 1, "value": 1.0}])
        task = await self._due(study)
        self._second = self._second or compute_update(task.recipe, task.previous)
        return Stage(service, study, uuid.uuid4().hex, task, self._second)

    async def _due(self, study: str) -> updates.Task:
        task = await self._service.read(updates.task, study)
        assert task is not None
        return task


def shape(c: Connection, stage: Stage) -> dict[str, Any]:
    """Return what there is of a study, as far as two runs of a verb agree on it."""
    found = {"studies": c.execute(select(func.count()).select_from(studies)).scalar_one()}
    row = c.execute(select(studies).where(studies.c.id == stage.study)).one()
    found |= {name: row._mapping[name] for name in COLUMNS}
    found["deleted"] = row.deleted_at is not None
    for table in (trials, observations, events, snapshots, candidates):
        query = select(func.count()).select_from(table).where(table.c.study_id == stage.study)
        found[table.name] = c.execute(query).scalar_one()
    query = select(func.count()).where(idempotency_keys.c.key == stage.key)
    found["answers"] = c.execute(query).scalar_one()
    return found
