"""The service's own secret, in a file beside its SQLite file."""

import os
import secrets
from pathlib import Path

BYTES = 32


def read_or_make(path: Path) -> bytes:
    """Return what a file holds; one that is not there is made, for its owner alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes().strip()
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.token_hex(BYTES).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    return path.read_bytes().strip()
