"""Processes that share a Postgres hear of each other's changes, and take turns at a study."""

import asyncio
import threading
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url, text

from beliefgrid.storage import notices as module
from beliefgrid.storage.claims import PostgresClaims, SoleClaims, claims_on
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.notices import MOST_BYTES, Notices, Touched, parsed, payloads
from beliefgrid.storage.transaction import touch
from tests.support.waiting import PATIENCE_S, wait_until

OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SESSIONS = f"SELECT count(*) {OTHERS}"
END_OTHERS = f"SELECT pg_terminate_backend(pid) {OTHERS}"


def plain(url: str) -> str:
    """Return a database's address as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


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


@pytest.mark.parametrize("also_sending", [False, True])
def test_it_ends_while_a_thread_rests(
    postgres_url: str, heard: Heard, monkeypatch: pytest.MonkeyPatch, *, also_sending: bool
) -> None:
    """After a failure a thread rests; the end wakes it, and the other one that waits for news."""
    monkeypatch.setattr(module, "PAUSE_S", 60.0)
    troubles = threading.Semaphore(0)
    monkeypatch.setattr(module.log, "warning", lambda *_: troubles.release())
    notices = Notices(make_url(postgres_url), heard)
    with closing(psycopg.connect(plain(postgres_url), autocommit=True)) as other:
        wait_until(lambda: other.execute(SESSIONS).fetchone() == (2,))
        other.execute(END_OTHERS)
    assert troubles.acquire(timeout=PATIENCE_S)  # the one that listens
    if also_sending:
        notices.send({"st_1": False})
        assert troubles.acquire(timeout=PATIENCE_S)

    notices.close()

    assert not any(thread.is_alive() for thread in notices._threads)


def test_listening_goes_on_when_the_server_was_away(postgres_url: str, heard: Heard) -> None:
    """Lost connections are made anew."""
    here, there = open_database(postgres_url), open_database(postgres_url, heard)
    here.write(lambda c: c.execute(text(END_OTHERS))).result()

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
