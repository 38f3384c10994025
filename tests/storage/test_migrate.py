"""The migrations make exactly the tables of the code, on both kinds of database."""

import pytest
from alembic import command
from sqlalchemy import inspect, text

from beliefgrid.storage import migrate
from beliefgrid.storage.errors import SchemaError
from tests.support.migrations import differences, main


def test_migrations_make_the_tables_of_the_code(empty_database_url: str) -> None:
    """No column, type or index differs."""
    migrate.upgrade(empty_database_url)
    engine = migrate.migration_engine(empty_database_url)

    assert differences(engine) == []

    engine.dispose()


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """A database that is up to date is left alone."""
    migrate.upgrade(database_url)
    engine = migrate.migration_engine(database_url)

    migrate.check(engine)

    engine.dispose()


def test_tables_of_another_release_are_refused(empty_database_url: str) -> None:
    """The message names the command that helps."""
    engine = migrate.migration_engine(empty_database_url)

    with pytest.raises(SchemaError, match="beliefgrid migrate"):
        migrate.check(engine)

    engine.dispose()


def test_migrations_can_be_taken_back(empty_database_url: str) -> None:
    """Down again, nothing of ours is left but the note of the version."""
    migrate.upgrade(empty_database_url)
    command.downgrade(migrate.configuration(empty_database_url), "base")
    engine = migrate.migration_engine(empty_database_url)

    assert inspect(engine).get_table_names() == ["alembic_version"]

    engine.dispose()


def test_the_check_of_make_passes() -> None:
    """`python -m tests.support.migrations` is what `make check` runs."""
    assert main() == 0


def test_tables_of_a_newer_release_are_left_alone(database_url: str) -> None:
    """An old release says what to do, and does not tell anybody to migrate."""
    engine = migrate.migration_engine(database_url)
    with engine.begin() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))

    newer = r"newer release.*f00d.*restore"
    with pytest.raises(SchemaError, match=newer):
        migrate.check(engine)
    with pytest.raises(SchemaError, match=newer):
        migrate.upgrade(database_url)

    with engine.begin() as connection:  # other tests use the same database
        back = {"before": before}
        connection.execute(text("UPDATE alembic_version SET version_num = :before"), back)
    engine.dispose()
