"""How much room there is for a database to grow."""

import shutil
from pathlib import Path

from sqlalchemy.engine import URL


def free_bytes(url: URL) -> int | None:
    """Return what is free on the disk of a SQLite file; None if the database is elsewhere."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return shutil.disk_usage(Path(url.database).absolute().parent).free
