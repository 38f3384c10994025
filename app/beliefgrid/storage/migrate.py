"""Bring a database's tables to this release, and say when they are not."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from beliefgrid import assets
from beliefgrid.storage.errors import SchemaError, storage_errors
from beliefgrid.storage.sqlite import sqlite_engine


def upgrade(database_url: str) -> None:
    """Create or upgrade the tables; a database that is up to date is left alone."""
    with storage_errors():
        command.upgrade(configuration(database_url), "head")


def check(engine: Engine) -> None:
    """Raise SchemaError unless the tables are exactly this release's."""
    with storage_errors(), engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    expected = ScriptDirectory(str(assets.migrations_dir())).get_current_head()
    if found != expected:
        raise SchemaError(
            f"expected the tables of migration {expected}, found {found or 'none'}; "
            "run `beliefgrid migrate` with this release"
        )


def configuration(database_url: str) -> Config:
    """Return alembic's settings for one database."""
    config = Config()
    config.set_main_option("script_location", str(assets.migrations_dir()))
    config.attributes["engine"] = migration_engine(database_url)
    return config


def migration_engine(database_url: str) -> Engine:
    """Return an engine that may change tables."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url, writes=True)
    return create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool)
