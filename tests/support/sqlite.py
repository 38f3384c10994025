"""SQLite files that are migrated once and copied for each test."""

import shutil
from pathlib import Path

from beliefgrid.storage import migrate

TEMPLATE = "template.db"


def make_template(folder: Path) -> Path:
    """Return a migrated file for others to be copied from."""
    path = folder / TEMPLATE
    migrate.upgrade(f"sqlite:///{path}")
    return path


def copy_template(template: Path, folder: Path) -> str:
    """Return the URL of a fresh copy."""
    path = folder / "beliefgrid.db"
    for suffix in ("", "-wal"):  # what was written last may still be beside the file
        beside = template.with_name(template.name + suffix)
        if beside.exists():
            shutil.copyfile(beside, path.with_name(path.name + suffix))
    return f"sqlite:///{path}"
