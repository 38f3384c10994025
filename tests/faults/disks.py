"""Disks that a test may fill up or cut the power of: mounted, and gone afterwards."""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.missing import lacking

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN of ext4, xfs and others
AS_IF_UNPLUGGED = 2  # not even the log is written
LOOP_SIZE = 400 * 2**20


def _run(what: str, *command: str) -> None:
    if shutil.which(command[0]) is None:
        lacking(what, f"there is no {command[0]}", may_lack=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lacking(what, f"{' '.join(command)}: {done.stderr.strip()}", may_lack=True)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a disk of so many bytes that is in memory."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}"]
    _run("a full disk", "mount", *options, "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class LoopDisk:
    """A file system in a file, whose power can be cut."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._image, self.path = folder / f"{kind}.img", folder / kind
        self._what = f"a power cut on {kind}"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(LOOP_SIZE)
        _run(self._what, f"mkfs.{kind}", "-q", str(self._image))
        self.mount()

    def mount(self) -> None:
        """Mount it; what was not finished is put in order by its journal."""
        _run(self._what, "mount", "-o", "loop", str(self._image), str(self.path))

    def cut_power(self) -> None:
        """Let nothing more reach the disk, from this moment on."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", AS_IF_UNPLUGGED))
        finally:
            os.close(folder)

    def unmount(self) -> None:
        """Take it away, and what the system still remembers of it."""
        subprocess.run(["umount", str(self.path)], check=True)


@contextmanager
def loop_disk(folder: Path, kind: str) -> Iterator[LoopDisk]:
    """Mount a file system of a kind until the block ends."""
    disk = LoopDisk(folder, kind)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk.path)], check=False, capture_output=True)
        disk._image.unlink(missing_ok=True)
