"""A copy of a SQLite file that is being written to."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from beliefgrid.storage.errors import StorageError, StorageUnavailableError


def back_up(url: str, to: Path) -> int:
    """Copy a database into a new file, whole and checked; return its size in bytes.

    It is written beside the target and moved there when it is complete.

    Raises:
        StorageError: it is not SQLite, the target exists, or the copy is damaged.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise StorageError("expected a SQLite file; for Postgres there is pg_dump")
    source = Path(parsed.database)
    if not source.is_file():
        raise StorageUnavailableError(f"expected the database {source}, and it is not there")
    if to.exists():
        raise StorageError(f"expected a file that does not exist yet, got {to}")
    partial = to.with_name(to.name + ".partial")
    try:
        _copy(source, partial)
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)
    return to.stat().st_size


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise StorageError(f"the copy is damaged: {verdict}")
