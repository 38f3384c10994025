"""An updater in a process of its own, what computes for one, and commands."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import wait_until


@contextmanager
def running_updater(folder: Path, database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `beliefgrid worker` until the block ends."""
    log = folder / f"updater-{len(list(folder.glob('updater-*')))}.log"
    ours = {name: value for name, value in os.environ.items() if "BELIEFGRID_" not in name}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "beliefgrid.cli", "worker", "--database", database_url],
            env=ours, cwd=folder, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: "computes" in log.read_text(), process=process, log=log)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        process.wait(timeout=30)


def beliefgrid(folder: Path, database_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; whatever goes wrong, it says so without a traceback."""
    ours = {name: value for name, value in os.environ.items() if "BELIEFGRID_" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "beliefgrid.cli", *words],
        env=ours | {"BELIEFGRID_DATABASE_URL": database_url},
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def engines_of(pid: int) -> list[int]:
    """Return the processes in which a server or an updater computes."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in command:
                found.append(int(child))
    return found
