"""Leases that ran out, budgets of time that are spent, answers that nobody will ask for again."""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import expire, idempotency
from beliefgrid.actions.clock import Jump
from beliefgrid.actions.errors import StudyUnknownError
from beliefgrid.actions.service import Job, Service


def sweeping(seconds: float) -> Job:
    """Return the job that tidies up every so many seconds."""

    async def sweep_studies(service: Service) -> None:
        while True:
            await sweep(service)
            await asyncio.sleep(seconds)

    return sweep_studies


async def sweep(service: Service) -> None:
    """Tidy up once."""
    service.clock()  # notices if it was set
    while service.jumps:
        await _move_times(service, service.jumps[0])
        service.jumps.pop(0)  # only now: had it failed, it would be done again
    if service.rules.may_expire:
        now = service.clock()
        for study_id in await service.read(expire.studies_with_overdue, now):
            await service.write(_unless_spared(service, expire.expire), study_id)
        for study_id in await service.read(expire.studies_out_of_time, now):
            await service.write(_unless_spared(service, expire.end_out_of_time), study_id)
        await service.write(idempotency.forget_old)


async def _move_times(service: Service, jump: Jump) -> None:
    """Move what ends in every study, also in one that began meanwhile by the time before."""

    def shift_times(c: Connection, study_id: str, *, now: datetime) -> None:
        without_later = service.without_later(jump)
        expire.shift_times(c, study_id, jump=jump, now=now, without_later=without_later)

    moved: set[str] = set()
    while new := set(await service.read(expire.studies_in_time)) - moved:
        for study_id in sorted(new):
            with contextlib.suppress(StudyUnknownError):  # it was purged just now
                await service.write(shift_times, study_id)
        moved |= new


def _unless_spared(service: Service, action: Callable[..., Any]) -> Callable[..., None]:
    """Return the action, doing nothing if the clock was set since it was thought due."""

    @functools.wraps(action)
    def act(*args: Any, **kwargs: Any) -> None:
        if service.rules.may_expire:
            action(*args, **kwargs)

    return act
