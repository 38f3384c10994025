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
    many,
    portable,
    queue,
    release,
    tell,
    tokens,
    trials_edit,
    webhooks,
)
from beliefgrid.actions import update as updates
from beliefgrid.actions.compute import Update, compute_update
from beliefgrid.actions.idempotency import Once
from beliefgrid.actions.service import Service
from beliefgrid.actions.signing import SigningKey
from beliefgrid.storage.tables import (
    candidates,
    events,
    idempotency_keys,
    observations,
    outbox,
    revisions,
    snapshots,
    studies,
    trials,
)
from beliefgrid.storage.tables import tokens as token_rows
from beliefgrid.storage.tables import webhooks as webhook_rows

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
WIDER = [
    {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1, 1.0], "scale": "log"},
    {"name": "size", "kind": "ordered", "values": [8, 16, 32], "scale": "linear"},
]
TABLES = (
    trials, observations, events, snapshots, candidates, revisions, webhook_rows, outbox,
    token_rows,
)  # fmt: skip
SIGNING = SigningKey(b"k" * 32)
Verb = Callable[["Stage"], Awaitable[Any]]


@dataclass(slots=True)
class Stage:
    """A study in which trial 1 is completed, trial 2 is live and trial 3 is measured."""

    service: Service
    study: str
    key: str
    task: updates.Task
    update: Update
    batch: Any = None  # what a webhook should get

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


def _patch(stage: Stage, **changes: Any) -> Awaitable[Any]:
    return stage.of_study(manage.patch_study, changes=changes)


def _hook(stage: Stage) -> Awaitable[Any]:
    said = {"url": "https://ci.example.org/", "kinds": [], "study_id": stage.study}
    return stage.once(webhooks.create_webhook, key=SIGNING, **said)


async def _hooked(stage: Stage) -> None:
    """Make a webhook, let things happen, and take what it should get."""
    view = await stage.service.write(
        webhooks.create_webhook, key=SIGNING, url="https://h/", kinds=[], study_id=stage.study
    )
    for state in ("paused", "active"):
        await stage.service.write(manage.patch_study, stage.study, changes={"state": state})
    stage.batch = await stage.service.write(webhooks.take, view.id, key=SIGNING)


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
    "restore a trial": lambda s: s.of_study(trials_edit.restore_trial, 1),
    "describe a trial": lambda s: s.of_study(trials_edit.patch_trial, 1, changes={"notes": "n"}),
    "release many": lambda s: s.of_study(many.do_with_trials, [2, 3], verb="release"),
    "delete": lambda s: s.of_study(manage.delete_study),
    "restore": lambda s: s.of_study(manage.restore_study),
    "pause": lambda s: _patch(s, state="paused"),
    "settings": lambda s: _patch(s, name="other", notes="n", tags=["t"], budget={"trials": 7}),
    "edit the grid": lambda s: _patch(s, parameters=WIDER),
    "edit the rules": lambda s: _patch(s, constraints={"forbid": [COMBINATION]}),
    "prior": lambda s: s.of_study(manage.set_prior, {"axes": {"rate": [1.0, 2.0, 3.0]}}),
    "import a study": lambda s: s.once(
        portable.import_study, name="another", definition=DEFINITION, trials=[]
    ),
    "webhook": _hook,
    "remove a webhook": lambda s: s.once(webhooks.remove_webhook, s.batch.webhook_id),
    "settle deliveries": lambda s: s.service.write(
        webhooks.settle, s.batch, s.batch.deliveries[:1], None
    ),
    "token": lambda s: s.once(tokens.create_token, name="t", scopes=["read"], study_id=s.study),
    "create": lambda s: s.once(create.create_study, definition=DEFINITION, name="another"),
    "expire": _late,
    "publish": lambda s: s.service.write(updates.publish, s.task, s.update),
}


# What must have happened before some of them.
BEFORE: dict[str, Verb] = {
    "restore a trial": lambda s: s.service.write(trials_edit.delete_trial, s.study, 1),
    "restore": lambda s: s.service.write(manage.delete_study, s.study),
    "remove a webhook": _hooked,
    "settle deliveries": _hooked,
}


class Stages:
    """Makes one stage after the other; the posterior is computed once for all."""

    def __init__(self, service: Service, before: Verb | None = None) -> None:
        self._service, self._before = service, before
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
        stage = Stage(service, study, uuid.uuid4().hex, task, self._second)
        if self._before is not None:
            await self._before(stage)
        return stage

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
    for table in TABLES:
        query = select(func.count()).select_from(table).where(table.c.study_id == stage.study)
        found[table.name] = c.execute(query).scalar_one()
    query = select(func.count()).where(idempotency_keys.c.key == stage.key)
    found["answers"] = c.execute(query).scalar_one()
    return found
