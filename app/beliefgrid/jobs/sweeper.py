"""Leases that ran out, budgets of time that are spent, answers that nobody will ask for again."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from beliefgrid.actions import expire, idempotency
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
        for study_id in await service.read(expire.studies_in_time):
            await service.write(expire.shift_times, study_id, jump=service.jumps[0])
        service.jumps.pop(0)  # only now: had it failed, it would be done again
    if service.rules.may_expire:
        now = service.clock()
        for study_id in await service.read(expire.studies_with_overdue, now):
            await service.write(_unless_spared(service, expire.expire), study_id)
        for study_id in await service.read(expire.studies_out_of_time, now):
            await service.write(_unless_spared(service, expire.end_out_of_time), study_id)
    await service.write(idempotency.forget_old)


def _unless_spared(service: Service, action: Callable[..., Any]) -> Callable[..., None]:
    """Return the action, doing nothing if the clock was set since it was thought due."""

    @functools.wraps(action)
    def act(*args: Any, **kwargs: Any) -> None:
        if service.rules.may_expire:
            action(*args, **kwargs)

    return act
