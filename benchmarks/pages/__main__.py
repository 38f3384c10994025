"""What the dashboard costs, in a real browser on a real server: `python -m benchmarks.pages`.

Name sizes to measure others: `python -m benchmarks.pages 100 20000 --write`. With `--peer PYTHON`,
a Python that has optuna-dashboard, that is measured in the same run; with `--lighthouse`, npx gets
Lighthouse. CPU is that of the page's main thread and of the server's process (without the
engine's), so it is steady on a busy machine; of wall times there is one, of new results.
`python -m benchmarks.pages.server` has each page's CPU on the server alone.
"""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import stamp
from benchmarks.pages import lighthouse
from benchmarks.pages.fill import GRIDS, fill
from benchmarks.pages.peer import READY, peer
from benchmarks.pages.serving import Server, serving
from benchmarks.pages.visit import (
    ARGUMENTS,
    DRAWN,
    Visit,
    follow,
    frame_switch_ms,
    idle,
    server_cpu_ms,
    visits,
)

RESULTS = Path(__file__).parent / "RESULTS.md"
SIZES = (100, 5_000, 20_000, 100_000)
LARGE = (316, 316)
PAGES = ("", "/posterior", "/trials?sort=-value")
NAMES = {"": "overview", "/posterior": "posterior", "/trials?sort=-value": "trials by value"}
LISTS = ("?sort=-value", "?state=failed", "?state=completed&low=1&high=1.2", "?worker=gpu-1")
FEEDS = ("", "/charts/definition", "/charts/marks", "/charts/history")
MAPS = {"50 x 50": "/charts/shades", "5^6": "/charts/posterior"}  # what a page asks for at first
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
PEER_TRIALS = 20_000
NEWS, FOLLOWED = 20, "50 x 50, 20,000 trials"
REPEATS = 5
QUIET_S = 5
HEAD = (
    "| grid | trials | page | first, kB | cold, kB | warm, kB | CPU cold, ms | CPU warm, ms "
    "| server CPU, ms | nodes | heap, MB | outside hosts |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|"
)
WANTED = (
    "| wanted | | | ≤ 40 | ≤ 500 | ≤ 40 | ≤ 600 | ≤ 200 | ≤ 50 (100 at 100k) | ≤ 3,000 | ≤ 30 "
    "| none |"
)


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
    parser.add_argument("--idle", type=int, default=40, help="seconds that a tab is left alone")
    parser.add_argument("--runs", type=int, default=1, help="profiles for each row")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python that has optuna-dashboard")
    parser.add_argument("--lighthouse", action="store_true", help="let npx get Lighthouse")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    return parser.parse_args()


def _report(asked: argparse.Namespace) -> Iterator[str]:
    yield f"# What the dashboard's pages cost\n\n{stamp()}\n"
    yield (
        "`make benchmark-pages ARGS='--peer PYTHON --lighthouse --write'`. "
        f"Medians of {asked.runs} "
        "profile(s): cold is the first visit with an empty one, warm the third. Server CPU is that "
        "of a warm visit, all its feeds counted, without the engine's.\n"
    )
    yield f"{HEAD}\n{WANTED}"
    after: list[str] = []
    with serving() as server, _browser() as browser, _client(server) as client:
        for grid, shape in GRIDS.items():
            for size in asked.sizes:
                study = fill(client, size, shape)
                for page in PAGES:
                    url = f"{server.url}/studies/{study}{page}"
                    named = f"{grid} | {size:,} | {NAMES[page]}"
                    yield _row(browser, named, url, server.pid, asked.runs)
                after += _beyond(browser, server, client, study, f"{grid}, {size:,} trials")
        if asked.peer:
            row, alone = _peer(browser, asked)
            yield row
            after.append(alone)
        yield from ["\n## Beyond a visit\n", *after]
        yield from _slider(browser, server, client)
        if asked.lighthouse:
            yield from _lighthouse(server, client)
        yield _left_alone(browser, server, study, asked)


def _row(browser: Browser, named: str, url: str, pid: int, runs: int, ready: str = DRAWN) -> str:
    _say(named)
    kind, program = browser.browser_type, _program()
    pairs = [visits(kind, program, url, pid, ready=ready) for _ in range(runs)]
    cold, warm = [first for first, _ in pairs], [second for _, second in pairs]
    outside = sorted({host for visit in cold for host in visit.outside})
    numbers = [
        f"{_median(cold, 'first_bytes') / 1000:.1f}",
        f"{_median(cold, 'bytes') / 1000:,.0f}",
        f"{_median(warm, 'bytes') / 1000:,.1f}",
        f"{_median(cold, 'cpu_ms'):,.0f}",
        f"{_median(warm, 'cpu_ms'):,.0f}",
        f"{statistics.mean(one.server_cpu_ms for one in warm):,.0f}",
        f"{_median(cold, 'nodes'):,.0f}",
        f"{_median(cold, 'heap_mb'):.0f}",
        ", ".join(outside) or "none",
    ]
    return f"| {named} | " + " | ".join(numbers) + " |"


def _beyond(
    browser: Browser, server: Server, client: httpx2.Client, study: str, named: str
) -> Iterator[str]:
    """Return what a new result costs, and the lists of trials."""
    _say(f"{named}: beyond a visit")
    trials = [_of_request(server, client, f"/studies/{study}/trials{query}") for query in LISTS]
    most_ms, most_bytes = (max(found) for found in zip(*trials, strict=True))
    yield (
        f"* {named}: a filtered or sorted list of trials costs the server at most {most_ms:.0f} ms "
        f"(≤ 50) and {most_bytes / 1000:.1f} kB (≤ 20)."
    )
    parameters = client.get(f"/api/v1/studies/{study}").json()["parameters"]

    def tell(n: int) -> int:
        assignments = {one["name"]: one["values"][n % 5] for one in parameters}
        body = {"assignments": assignments, "observation": {"value": 2.0 + n / 100}}
        return int(client.post(f"/api/v1/studies/{study}/trials", json=body).json()["number"])

    tell(0)
    time.sleep(QUIET_S)
    before = server_cpu_ms(server.pid)
    for feed in (*FEEDS, MAPS[named.partition(",")[0]]):
        client.get(f"/studies/{study}{feed}").raise_for_status()
    spent = server_cpu_ms(server.pid) - before
    yield f"* {named}: the first page after a new result costs the server {spent:.0f} ms."
    if named == FOLLOWED:
        waited, size = follow(browser, server.url, f"/studies/{study}", tell, times=NEWS)
        yield (
            f"* {named}: {NEWS} new results, one by one, were in an open overview after "
            f"{np.median(waited):.0f} ms, 95 % of them within {np.quantile(waited, 0.95):.0f} ms "
            f"(≤ 1,000), for {size / 1000:.1f} kB each (≤ 5)."
        )


def _of_request(server: Server, client: httpx2.Client, path: str) -> tuple[float, int]:
    """Return the server's CPU of a request, and the bytes of its answer."""
    before = server_cpu_ms(server.pid)
    for _ in range(REPEATS):
        answer = client.get(path).raise_for_status()
    spent = (server_cpu_ms(server.pid) - before) / REPEATS
    return spent, int(answer.headers.get("content-length", 0))


def _slider(browser: Browser, server: Server, client: httpx2.Client) -> Iterator[str]:
    for shape, wanted in ((GRIDS["50 x 50"], 8), (LARGE, 16)):
        _say(f"the slider on {shape}")
        study = fill(client, 100, shape)
        one = frame_switch_ms(browser, server.url, f"/studies/{study}/posterior")
        name = " x ".join(map(str, shape))
        yield f"* {name} cells: one step of the time slider takes {one:.1f} ms of CPU (≤ {wanted})."


def _lighthouse(server: Server, client: httpx2.Client) -> Iterator[str]:
    study = fill(client, 100)
    for page in PAGES:
        _say(f"Lighthouse: {NAMES[page]}")
        found = lighthouse.scores(f"{server.url}/studies/{study}{page}", _program())
        said = "was not to be had" if found is None else " / ".join(map(str, found))
        yield (
            f"* Lighthouse, mobile, {NAMES[page]}: performance / accessibility / best practices "
            f"{said} (≥ 95 / 100 / 100)."
        )


def _left_alone(browser: Browser, server: Server, study: str, asked: argparse.Namespace) -> str:
    _say("an idle tab")
    left = idle(browser, server.url, f"/studies/{study}", server.pid, seconds=asked.idle)
    return (
        f"* The last study's overview left alone, a minute: {left.bytes:,.0f} bytes (≤ 2,000), CPU "
        f"{left.cpu_ms:.0f} ms (≤ 50), server CPU {left.server_cpu_ms:.0f} ms (≤ 50) beyond the "
        f"{left.alone_ms:.0f} ms of a server without visitors."
    )


# ------------------------------------------------------------------ the peer
def _peer(browser: Browser, asked: argparse.Namespace) -> tuple[str, str]:
    """Return the row of the peer's page, and what it costs to leave it open."""
    with peer(asked.peer, PEER_TRIALS) as (url, pid):
        named = f"50 x 50 | {PEER_TRIALS:,} | optuna-dashboard's page of a study"
        row = _row(browser, named, url, pid, 1, ready=READY)
        base, _, page = url.partition("/dashboard")
        left = idle(browser, base, f"/dashboard{page}", pid, seconds=asked.idle, ready=READY)
    return row, (
        f"* optuna-dashboard's page of {PEER_TRIALS:,} trials left alone, a minute: "
        f"{left.bytes / 1000:,.0f} kB, CPU {left.cpu_ms:,.0f} ms, server CPU "
        f"{left.server_cpu_ms:,.0f} ms."
    )


# ------------------------------------------------------------------ the browser
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


def _client(server: Server) -> Any:
    return httpx2.Client(base_url=server.url, timeout=300)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
