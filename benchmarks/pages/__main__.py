"""What the dashboard costs, in a real browser on a real server: `python -m benchmarks.pages`.

Name sizes to measure others: `python -m benchmarks.pages 100 20000 --idle 60 --write`. CPU is
that of the page's main thread and of the server's process (without the engine's), so it is steady
on a busy machine; wall times are not given. `python -m benchmarks.pages.server` has each page's
CPU on the server alone.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import stamp
from benchmarks.pages.fill import GRIDS, fill
from benchmarks.pages.visit import ARGUMENTS, Visit, frame_switch_ms, idle, visits

RESULTS = Path(__file__).parent / "RESULTS.md"
SIZES = (100, 5_000, 20_000, 100_000)
PAGES = ("", "/posterior", "/trials?sort=-value")
NAMES = {"": "overview", "/posterior": "posterior", "/trials?sort=-value": "trials by value"}
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
HEAD = (
    "| grid | trials | page | first, kB | cold, kB | warm, kB | CPU cold, ms | CPU warm, ms "
    "| server CPU, ms | nodes | heap, MB | outside hosts |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)
WANTED = (
    "| wanted | | | ≤ 40 | ≤ 500 | ≤ 40 | ≤ 600 | ≤ 200 | ≤ 50 (100 at 100k) | ≤ 3,000 | ≤ 30 "
    "| none |"
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of its own, on an empty database."""

    url: str
    pid: int


def main() -> None:
    """Measure, and say it as Markdown."""
    asked = _arguments()
    text = "\n".join(_report(asked))
    sys.stdout.write(text + "\n")
    if asked.write:
        RESULTS.write_text(text + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--idle", type=int, default=60, help="seconds that a tab is left alone")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    return parser.parse_args()


def _report(asked: argparse.Namespace) -> Iterator[str]:
    yield f"# What the dashboard's pages cost\n\n{stamp()}\n"
    yield (
        f"Medians of {asked.runs} profiles: cold is the first visit with an empty one, warm the "
        "third. Server CPU is that of a warm visit, all its feeds counted, without the engine's.\n"
    )
    yield f"{HEAD}\n{WANTED}"
    after: list[str] = []
    with _server() as server, _browser() as browser:
        for grid, shape in GRIDS.items():
            for size in asked.sizes:
                study = _filled(server, size, shape)
                for page in PAGES:
                    yield _row(browser, server, f"/studies/{study}{page}", asked.runs).format(
                        grid=grid, size=f"{size:,}", page=NAMES[page]
                    )
                    _say(f"{grid}, {size:,} trials: {NAMES[page]}")
                after += _beyond(browser, server, study, asked, grid=grid, size=size)
    yield from ["\n## An open tab, and the time slider\n", *after]


def _filled(server: Server, size: int, shape: tuple[int, ...]) -> str:
    with httpx2.Client(base_url=server.url, timeout=300) as client:
        return fill(client, size, shape)


def _row(browser: Browser, server: Server, path: str, runs: int) -> str:
    kind, program = browser.browser_type, _program()
    pairs = [visits(kind, program, server.url + path, server.pid) for _ in range(runs)]
    cold, warm = [first for first, _ in pairs], [second for _, second in pairs]
    outside = sorted({host for visit in cold for host in visit.outside})
    numbers = [
        f"{_median(cold, 'first_bytes') / 1000:.1f}",
        f"{_median(cold, 'bytes') / 1000:.0f}",
        f"{_median(warm, 'bytes') / 1000:.1f}",
        f"{_median(cold, 'cpu_ms'):.0f}",
        f"{_median(warm, 'cpu_ms'):.0f}",
        f"{statistics.mean(one.server_cpu_ms for one in warm):.0f}",
        f"{_median(cold, 'nodes'):,.0f}",
        f"{_median(cold, 'heap_mb'):.0f}",
        ", ".join(outside) or "none",
    ]
    return "| {grid} | {size} | {page} | " + " | ".join(numbers) + " |"


def _beyond(
    browser: Browser, server: Server, study: str, asked: argparse.Namespace, *, grid: str, size: int
) -> list[str]:
    path = f"/studies/{study}"
    found = []
    if size == max(asked.sizes):
        left = idle(browser, server.url, path, server.pid, seconds=asked.idle)
        found.append(
            f"* {grid}, {size:,} trials, overview left alone, a minute: {left.bytes:,.0f} bytes "
            f"(≤ 2,000), CPU {left.cpu_ms:.0f} ms (≤ 50), server CPU {left.server_cpu_ms:.0f} ms "
            f"(≤ 50) beyond the {left.alone_ms:.0f} ms of a server without visitors."
        )
    if size == min(asked.sizes):
        one = frame_switch_ms(browser, server.url, f"{path}/posterior")
        found.append(f"* {grid}: one step of the slider takes {one:.1f} ms of CPU (≤ 8).")
    return found


def _median(found: list[Visit], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in found))


def _program() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_program(), args=list(ARGUMENTS))
        yield launched
        launched.close()


@contextmanager
def _server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        environment = os.environ | {"BELIEFGRID_DATABASE_URL": f"sqlite:///{folder}/pages.db"}
        command = [sys.executable, "-m", "beliefgrid.cli", "serve", "--port", str(port)]
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait(f"http://127.0.0.1:{port}")
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{url}/readyz", timeout=2).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise TimeoutError("the server is not ready")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
