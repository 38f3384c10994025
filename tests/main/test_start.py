"""A server starts quickly and only on tables that it knows."""

import subprocess
import sys

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from beliefgrid import assets
from beliefgrid.storage import schema

HEAVY = ("scipy", "alembic", "psycopg", "plotly", "pandas")


def test_the_newest_migration_is_found_without_alembic() -> None:
    """Both find the same one."""
    assert schema.head() == ScriptDirectory(str(assets.migrations_dir())).get_current_head()


def test_a_migrated_database_is_current_and_an_empty_one_is_not(sqlite_url: str) -> None:
    """What is missing is seen before anything is read."""
    assert _is_current(sqlite_url)
    assert not _is_current("sqlite://")


def test_nothing_heavy_is_loaded_to_serve() -> None:
    """SciPy belongs to the child processes, alembic to migrations, plotly to nobody."""
    code = (
        "import sys; from beliefgrid.main import create_app; create_app();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def _is_current(url: str) -> bool:
    engine = create_engine(url)
    try:
        return schema.is_current(engine)
    finally:
        engine.dispose()
