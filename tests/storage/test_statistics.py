"""What Postgres knows of its tables while they grow."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from beliefgrid.storage import studies, trials
from beliefgrid.storage.engine import open_database
from beliefgrid.storage.statistics import FIRST_LOOK, Statistics
from tests.storage.conftest import study_row, trial_row


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """Connections to an empty database."""
    engine = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


def known_trials(c: Connection) -> int:
    """Return how many trials Postgres thinks there are; -1 if it has never looked."""
    query = text("SELECT reltuples::bigint FROM pg_class WHERE relname = 'trials'")
    return int(c.execute(query).scalar_one())


def add_trials(c: Connection, first: int, last: int) -> None:
    """Store trials of a study that is there already."""
    for number in range(first, last + 1):
        trials.add(c, trial_row("st_1", number, cell=number))


def test_postgres_learns_of_the_first_trials_from_those_who_store_them(postgres_url: str) -> None:
    """By itself it would look within a minute, and plan for empty tables until then."""
    database = open_database(postgres_url)
    database.write(lambda c: studies.add(c, study_row("st_1"))).result()
    changes = [
        database.write(partial(add_trials, first=n, last=n), "st_1")
        for n in range(1, FIRST_LOOK + 1)
    ]
    for change in changes:
        change.result()
    database.close()  # waits for the look

    reopened = open_database(postgres_url)
    assert reopened.read(known_trials).result() > 0
    reopened.close()


def test_looks_become_rare() -> None:
    """A large table hardly changes what is known of it."""
    statistics = Statistics(create_engine("sqlite://"))

    due = [n for n in range(1, 8 * FIRST_LOOK + 1) if statistics.is_due(1)]

    assert due == [FIRST_LOOK, 2 * FIRST_LOOK, 4 * FIRST_LOOK, 8 * FIRST_LOOK]


def test_only_tables_that_grew_to_twice_their_size_are_looked_at(engine: Engine) -> None:
    """To count a large table again costs more than it tells."""
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *seen: said.append(seen[2]))
    with engine.begin() as c:
        studies.add(c, study_row("st_1"))
        add_trials(c, 1, 100)

    Statistics(engine).look()
    Statistics(engine).look()

    assert [one for one in said if one.startswith("ANALYZE")] == [
        "ANALYZE (SKIP_LOCKED) studies, trials"
    ]
    with engine.begin() as c:
        assert known_trials(c) == 100


def test_who_cannot_look_goes_on(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing depends on it: answers are the same, and only later."""
    url = make_url(postgres_url).set(drivername="postgresql+psycopg", database="gone")
    engine = create_engine(url)

    Statistics(engine).look()

    assert "by what it knew" in caplog.text
    assert "does not exist" in caplog.text
