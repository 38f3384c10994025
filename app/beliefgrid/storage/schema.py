"""Which migration a database is at, found without loading alembic: a server starts faster."""

import re
from functools import cache

from sqlalchemy import Engine, inspect, text

from beliefgrid import assets
from beliefgrid.storage.errors import storage_errors

_REVISION = re.compile(r"^(down_)?revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


def is_current(engine: Engine) -> bool:
    """Return whether the tables are exactly this release's."""
    with storage_errors(), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [head()]


@cache
def head() -> str:
    """Return the migration that no other one follows."""
    revisions, followed = _migrations()
    (last,) = revisions - followed
    return last


def is_known(revision: str | None) -> bool:
    """Return whether this release has a migration, or there is none yet."""
    return revision is None or revision in _migrations()[0]


def _migrations() -> tuple[set[str], set[str]]:
    """Return all migrations, and those that another one follows."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for file in (assets.migrations_dir() / "versions").glob("*.py"):
        for down, name in _REVISION.findall(file.read_text(encoding="utf-8")):
            (followed if down else revisions).add(name)
    return revisions, followed
