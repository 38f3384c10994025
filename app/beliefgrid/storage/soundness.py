"""Whether a SQLite file can be trusted: looked at before it is served."""

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from beliefgrid.storage.errors import DamagedError

log = logging.getLogger(__name__)

MOUNTS = Path("/proc/self/mountinfo")  # Linux only; elsewhere nothing is said
# Locks that other machines do not see, or memory that they do not share.
NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.davfs", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3",
    "smbfs",
}  # fmt: skip
SMALL = 16 * 2**20  # bytes; larger files are looked at only after an end that was none of ours
CHECK_S = 2.0


def require_sound(path: Path) -> None:
    """Warn of a file on a network file system, and refuse one that is damaged.

    Raises:
        DamagedError: what is in the file contradicts itself, or it is no database.
    """
    kind = network_file_system(path)
    if kind is not None:
        log.warning(
            "%s is on a network file system (%s), whose locks cannot be trusted: use a local disk, "
            "or Postgres",
            path,
            kind,
        )
    if not path.is_file() or path.stat().st_size == 0:
        return
    log_beside = Path(f"{path}-wal")
    was_cut_off = log_beside.is_file() and log_beside.stat().st_size > 0
    if was_cut_off or path.stat().st_size <= SMALL:
        _check(path)


def network_file_system(path: Path) -> str | None:
    """Return the kind of the network file system that a file is on; None if it is on none."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return None
    where, found = path.absolute().parent.resolve(), (-1, "")
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = Path(before.split(" ")[4].encode().decode("unicode_escape"))
        if where.is_relative_to(mounted):
            found = max(found, (len(mounted.parts), after.split(" ")[0]), key=lambda one: one[0])
    return found[1] if found[1] in NETWORK else None


def _check(path: Path) -> None:
    until = time.monotonic() + CHECK_S
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        # Not looked at to its end, or not to be opened: then its first use says why.
        log.info("%s was not looked at to its end: %s", path, error)
        return
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise DamagedError(
            f"the database {path} is damaged ({verdict.strip()}); put a backup in its place with "
            f"`beliefgrid restore BACKUP --replace`, or save what can be read with "
            f"`sqlite3 {path} .recover`"
        )
