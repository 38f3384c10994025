"""The sweeper: leases, budgets of time, old keys."""

import asyncio
from datetime import timedelta
from typing import Any

from beliefgrid import jobs
from beliefgrid.actions import create, read
from beliefgrid.actions.ask import ask
from beliefgrid.actions.idempotency import Once
from beliefgrid.actions.service import open_service
from beliefgrid.storage import idempotency
from tests.actions.conftest import PARAMETERS, RULES
from tests.support.clock import Clock

DEFINITION = {"parameters": PARAMETERS, "metrics": [{"name": "loss"}], "budget": {"seconds": 100}}


def test_it_tidies_up(database_url: str, clock: Clock) -> None:
    """By itself, every so many seconds."""
    start = clock()

    def ticks() -> float:
        return (clock() - start) / timedelta(seconds=1)

    async def scenario() -> None:
        service = open_service(
            database_url, rules=RULES, clock=clock, ticks=ticks, jobs=(jobs.sweeping(0.02),)
        )
        await service.start()
        study = (await service.write(create.create_study, definition=DEFINITION, name="s")).id
        said: dict[str, Any] = {"worker": "w", "count": 1, "lease_seconds": None, "rules": RULES}
        once = Once("k", "s", "f")
        await service.write_once(once, lambda _: (201, ""), ask, study, **said)
        clock.advance(2 * 86400)
        for _ in range(300):
            trial = await service.read(read.trial, study, 1)
            seen = await service.read(read.study, study)
            key = await service.read(idempotency.find, "s", "k")
            if (trial.state, seen.state, key) == ("expired", "exhausted", None):
                break
            await asyncio.sleep(0.02)
        assert (trial.state, seen.state, key) == ("expired", "exhausted", None)
        await service.stop()

    asyncio.run(scenario())
