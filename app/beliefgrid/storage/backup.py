"""A copy of a SQLite file that is being written to, and the way back."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from beliefgrid.storage.errors import StorageError, StorageUnavailableError, sqlite_errors
from beliefgrid.storage.sqlite import claim_file


def back_up(url: str, to: Path) -> int:
    """Copy a database into a new file, whole and checked; return its size in bytes.

    It is written beside the target and moved there when it is complete.

    Raises:
        StorageError: it is not SQLite, the target exists, there is no room, or the copy is damaged.
    """
    source = _file_of(url)
    if not source.is_file():
        raise StorageUnavailableError(f"expected the database {source}, and it is not there")
    if to.exists():
        raise StorageError(f"expected a file that does not exist yet, got {to}")
    return _copy_into_place(source, to)


def restore(url: str, source: Path, *, replace: bool = False) -> int:
    """Put a backup where the database is; return its size in bytes.

    A database that is there is kept beside it, as `NAME.replaced`.

    Raises:
        DatabaseInUseError: a server has the database open.
        StorageError: the backup is none of ours or damaged, or there is a database already.
    """
    target = _file_of(url)
    if not source.is_file():
        raise StorageUnavailableError(f"expected the backup {source}, and it is not there")
    lock = claim_file(make_url(url))
    try:
        if target.exists() and not replace:
            raise StorageError(
                f"there is a database at {target}; with --replace it is kept as "
                f"{target.name}.replaced"
            )
        _require_ours(source)
        _put_aside(target)
        return _copy_into_place(source, target)
    finally:
        os.close(lock)


def _file_of(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise StorageError("expected a SQLite file; for Postgres there are pg_dump and pg_restore")
    return Path(parsed.database)


def _require_ours(source: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as found:
            found.execute("SELECT version_num FROM alembic_version").fetchone()
            found.execute("SELECT count(*) FROM studies").fetchone()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{source} is no backup of ours: {error}") from error


def _put_aside(target: Path) -> None:
    """Rename a database with what was written last, so that it can still be opened."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{target}{suffix}").replace(f"{target}.replaced{suffix}")


def _copy_into_place(source: Path, target: Path) -> int:
    partial = target.with_name(target.name + ".partial")
    try:
        with sqlite_errors():
            _copy(source, partial)
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
