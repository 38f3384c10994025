"""A migration runs under the code of the release before it: rolling updates need no pause."""

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    inspect,
    select,
)

from beliefgrid import assets
from beliefgrid.storage import migrate

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def steps() -> list[tuple[str, str]]:
    """Return every migration after the first, with the one before it."""
    scripts = ScriptDirectory(str(assets.migrations_dir()))
    found = [(str(one.down_revision), one.revision) for one in scripts.walk_revisions()]
    return [(before, after) for before, after in found if before != "None"]


def a_value(column: Any, is_sqlite: bool) -> Any:  # noqa: FBT001 - a fact about the database
    """Return something that a column takes."""
    kind = column.type
    if isinstance(kind, DateTime):
        return NOW.replace(tzinfo=None) if is_sqlite else NOW
    for types, value in (
        (Boolean, False),
        (Integer, 1),
        (Float, 0.5),
        (LargeBinary, b"x"),
        (JSON, {}),
    ):
        if isinstance(kind, types):
            return value
    return "a"


def write_and_read(engine: Engine, tables: list[Table]) -> None:
    """Insert a row into each table, as code that knows only these columns does, and read it."""
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        for table in tables:
            row = {column.name: a_value(column, is_sqlite) for column in table.columns}
            connection.execute(insert(table), row)
            (found,) = connection.execute(select(table)).all()
            assert found._mapping.keys() == row.keys()


@pytest.mark.parametrize(("before", "after"), steps())
def test_the_code_before_a_migration_works_after_it(
    empty_database_url: str, before: str, after: str
) -> None:
    """Its rows, of all its columns and no others, go in and come out of the newer tables."""
    command.upgrade(migrate.configuration(empty_database_url), before)
    engine = migrate.migration_engine(empty_database_url)
    known = MetaData()
    known.reflect(engine)
    tables = [table for table in known.sorted_tables if table.name != "alembic_version"]

    command.upgrade(migrate.configuration(empty_database_url), after)
    write_and_read(engine, tables)
    command.downgrade(migrate.configuration(empty_database_url), before)
    kept = set(inspect(engine).get_table_names()) - {"alembic_version"}

    assert kept == {table.name for table in tables}
    with engine.connect() as connection:
        assert all(connection.execute(select(table)).all() for table in tables)

    engine.dispose()
