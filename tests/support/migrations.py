"""`python -m tests.support.migrations`: fail if the migrations do not make our tables."""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from beliefgrid.storage import migrate
from beliefgrid.storage.tables import metadata


def differences(engine: Engine) -> list[object]:
    """Return what a database has otherwise than the tables in the code."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def main() -> int:
    """Migrate an empty SQLite file and compare it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'check.db'}"
        migrate.upgrade(url)
        engine = migrate.migration_engine(url)
        found = differences(engine)
        engine.dispose()
    for difference in found:
        sys.stdout.write(f"migrations: {difference}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
