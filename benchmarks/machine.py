"""Which machine and commit a figure belongs to."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np


def stamp() -> str:
    """Return a line that says where and when figures were measured."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {processor()}, {os.cpu_count()} cores, "
        f"load {load:.1f}, Python {platform.python_version()}, numpy {np.__version__}."
    )


def commit() -> str:
    """Return the short name of the checkout's commit; a star marks changes on top."""
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}*" if _git("status", "--porcelain", "--untracked-files=no") else head


def processor() -> str:
    """Return the processor's name."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
