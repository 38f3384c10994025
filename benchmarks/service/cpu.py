"""CPU seconds of processes, read from /proc: those of one, of its children, of a whole tree."""

import os
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_OWN, _WAITED_FOR = slice(11, 13), slice(13, 15)  # user and system time, after the name


def of(pid: int) -> float:
    """Return what a process used so far."""
    return _spent(pid, _OWN)


def of_children(pid: int) -> float:
    """Return what the living children of a process used so far."""
    return sum(of(child) for child in _children(pid))


def of_tree(pid: int) -> float:
    """Return what a process and its children used so far, those that ended included."""
    return of(pid) + of_children(pid) + _spent(pid, _WAITED_FOR)


def _spent(pid: int, which: slice) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[which])) * TICK_S


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
