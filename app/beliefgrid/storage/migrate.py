"""Bring a database's tables to this release, and say when they are not."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from beliefgrid import assets
from beliefgrid.storage import schema
from beliefgrid.storage.errors import SchemaError, storage_errors
from beliefgrid.storage.sqlite import sqlite_engine


def upgrade(database_url: str) -> None:
    """Create or upgrade the tables; a database that is up to date is left alone.

    Raises:
        SchemaError: the tables are of a newer release, which nothing here can undo.
    """
    config = configuration(database_url)
    with storage_errors():
        _require_known(_found(config.attributes["engine"]))
        command.upgrade(config, "head")


def check(engine: Engine) -> None:
    """Raise SchemaError unless the tables are exactly this release's."""
    with storage_errors():
        found = _found(engine)
    _require_known(found)
    expected = schema.head()
    if found != expected:
        raise SchemaError(
            f"expected the tables of migration {expected}, found {found or 'none'}; "
            "run `beliefgrid migrate` with this release"
        )


def _found(engine: Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


def _require_known(found: str | None) -> None:
    if not schema.is_known(found):
        raise SchemaError(
            f"the database is of a newer release: its tables are those of migration {found}, and "
            f"this release knows them up to {schema.head()}; start the newer release again, or "
            "`beliefgrid restore` a backup from before it"
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
