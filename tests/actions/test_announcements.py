"""News wakes who waits, and never keeps anybody from ending."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from beliefgrid.actions.announcements import Announcements

Waits = Callable[[Announcements], Awaitable[object]]


async def for_a_study(announcements: Announcements) -> object:
    """Wait for news of one study."""
    with announcements.listen("a") as news:
        return await news.wait(30)


async def for_what_is_behind(announcements: Announcements) -> object:
    """Wait for a study that needs a new posterior."""
    return await announcements.behind(30)


@pytest.mark.parametrize("waits", [for_a_study, for_what_is_behind])
def test_news_wakes_who_waits(waits: Waits) -> None:
    """As soon as it comes, from any thread."""

    async def scenario() -> object:
        announcements = Announcements()
        announcements.attach(asyncio.get_running_loop())
        waiting = asyncio.ensure_future(waits(announcements))
        await asyncio.sleep(0)
        await asyncio.to_thread(announcements.publish, {"a": True})
        return await waiting

    assert asyncio.run(scenario()) in (True, {"a"})


@pytest.mark.parametrize("waits", [for_a_study, for_what_is_behind])
def test_who_is_ended_as_news_comes_ends(waits: Waits) -> None:
    """Python's own wait_for forgot such a cancellation, and a service never stopped."""

    async def scenario() -> None:
        announcements = Announcements()
        announcements.attach(asyncio.get_running_loop())
        waiting = asyncio.ensure_future(waits(announcements))
        await asyncio.sleep(0)
        announcements.publish({"a": True})
        asyncio.get_running_loop().call_soon(waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_without_news_the_time_passes(seconds: float) -> None:
    """The answer says that nothing came."""

    async def scenario() -> object:
        announcements = Announcements()
        announcements.attach(asyncio.get_running_loop())
        with announcements.listen("a") as news:
            return await news.wait(seconds)

    assert asyncio.run(scenario()) is False
