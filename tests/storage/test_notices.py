"""Processes that share a Postgres hear of each other's changes, and take turns at a study."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import make_url, text

from beliefgrid.storage.claims import PostgresClaims, SoleClaims, claims_on
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.notices import MOST_BYTES, Notices, Touched, parsed, payloads
from beliefgrid.storage.transaction import touch
from tests.support.waiting import wait_until


class Heard:
    """The news that came, put together."""

    def __init__(self) -> None:
        self.news: Touched = {}
        self.came = threading.Event()

    def __call__(self, touched: Touched) -> None:
        self.news |= touched
        self.came.set()


@pytest.fixture
def heard() -> Heard:
    """Somebody who listens."""
    return Heard()


def test_another_process_hears_of_a_change(postgres_url: str, heard: Heard) -> None:
    """Which study, and whether its posterior must follow."""
    here, there = open_database(postgres_url), open_database(postgres_url, heard)

    def is_heard() -> bool:
        here.write(lambda c: touch(c, "st_1", is_behind=True)).result()
        return heard.came.wait(0.1)

    wait_until(is_heard)

    assert heard.news == {"st_1": True}
    here.close()
    there.close()


def test_it_ends_though_both_threads_wait(postgres_url: str, heard: Heard) -> None:
    """The one that rests after a failure must not be woken in the place of the one that sends."""
    notices = Notices(make_url(postgres_url), heard)
    changed = notices._changed
    resting = threading.Thread(target=lambda: _rest_on(changed), daemon=True)
    wait_until(lambda: len(waiters(changed)) == 1)
    resting.start()
    wait_until(lambda: len(waiters(changed)) == 2)
    notices.send({"st_1": False})  # wakes the sending one; when it waits again it is the last
    wait_until(lambda: not notices._waiting and len(waiters(changed)) >= 1)

    notices.close()

    assert not any(thread.is_alive() for thread in notices._threads)


def _rest_on(changed: threading.Condition) -> None:
    with changed:
        while changed.wait(60):
            pass


def waiters(changed: threading.Condition) -> Sequence[object]:
    """Return who waits, first come first."""
    return list(getattr(changed, "_waiters"))  # noqa: B009 - a private name


def test_listening_goes_on_when_the_server_was_away(postgres_url: str, heard: Heard) -> None:
    """Lost connections are made anew."""
    here, there = open_database(postgres_url), open_database(postgres_url, heard)
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    here.write(lambda c: c.execute(others)).result()

    def is_heard() -> bool:
        here.write(lambda c: touch(c, "st_2")).result()
        return heard.came.wait(0.1)

    wait_until(is_heard)

    assert "st_2" in heard.news
    here.close()
    there.close()


def test_long_news_are_sent_in_parts() -> None:
    """No payload is longer than Postgres takes, and nothing gets lost."""
    touched = {f"st_{i:040}": i % 2 == 0 for i in range(500)}

    sent = payloads(touched)

    assert len(sent) > 1
    assert max(map(len, sent)) <= MOST_BYTES
    assert {k: v for part in sent for k, v in parsed(part).items()} == touched
    assert payloads({}) == []


def test_one_updater_has_a_study(postgres_url: str) -> None:
    """Until it gives it back, or its session ends."""
    here, there = open_database(postgres_url), open_database(postgres_url)

    async def scenario() -> list[bool]:
        ours, theirs = claims_on(here), claims_on(there)
        assert isinstance(ours, PostgresClaims)
        found = [await ours.take("st_1"), await theirs.take("st_1"), await theirs.take("st_2")]
        await ours.give_back("st_1")
        found.append(await theirs.take("st_1"))
        theirs.close()
        found.append(await ours.take("st_1"))
        ours.close()
        return found

    assert asyncio.run(scenario()) == [True, False, True, True, True]
    here.close()
    there.close()


def test_a_sqlite_file_has_one_process(sqlite_url: str) -> None:
    """So every claim is granted."""
    database = open_database(sqlite_url)
    claims = claims_on(database)

    assert isinstance(claims, SoleClaims)
    assert asyncio.run(claims.take("st_1"))
    asyncio.run(claims.give_back("st_1"))
    claims.close()
    database.close()
