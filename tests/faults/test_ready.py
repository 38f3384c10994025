"""Whether the service is ready says whether it takes changes."""

import asyncio

import pytest
from sqlalchemy.engine import make_url

from beliefgrid.actions.create import create_study
from beliefgrid.actions.errors import StorageTroubleError
from beliefgrid.actions.service import open_service
from tests.faults.breaking import HARD, breakable
from tests.faults.verbs import DEFINITION, Stages


def test_a_database_that_refuses_changes_is_not_ready(database_url: str) -> None:
    """I9: from the first refusal until it takes one again, which is tried when somebody asks."""

    async def run() -> None:
        service = open_service(database_url)
        with breakable(service.database) as breaker:
            await Stages(service).next()
            await service.require_ready()
            breaker.arm(HARD[make_url(database_url).get_backend_name()]["full"], 2)
            breaker.stays = True
            with pytest.raises(StorageTroubleError):
                await service.write(create_study, definition=DEFINITION, name="refused")
            with pytest.raises(StorageTroubleError):
                await service.require_ready()

            breaker.disarm()

            await service.require_ready()
        await service.stop()

    asyncio.run(run())
