"""The service's own secret, in a file beside its SQLite file."""

import errno
import os
import secrets
from pathlib import Path

from beliefgrid.storage.errors import NO_ROOM, StorageFullError, StorageUnavailableError

BYTES = 32


def read_or_make(path: Path) -> bytes:
    """Return what a file holds; one that is not there is made, for its owner alone.

    Raises:
        StorageError: it cannot be read or written; then there is no file by half.
    """
    try:
        if not path.exists():
            _write(path, secrets.token_hex(BYTES).encode() + b"\n")
        found = path.read_bytes().strip()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFullError(NO_ROOM) from error
        raise StorageUnavailableError(f"cannot use {path}: {error.strerror}") from error
    if len(found) < BYTES:
        raise StorageUnavailableError(f"expected {path} to hold at least {BYTES} characters")
    return found


def _write(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole, and stays when the power is cut, or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
