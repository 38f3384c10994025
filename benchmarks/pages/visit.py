"""One visit to a page in headless Chromium: bytes, nodes, CPU of the page and of the server."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    CDPSession,
    Page,
    ViewportSize,
)

T = TypeVar("T")
SETTLE_MS = 2500
DRAWN = "figure[data-chart][data-drawn], table"
FRAME_SWITCHES = 40
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
ARGUMENTS = ("--no-sandbox", "--enable-precise-memory-info")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit cost."""

    first_bytes: int  # of the document and its style sheets: with them, pictures and text stand
    bytes: int
    requests: int
    cpu_ms: float
    nodes: int
    heap_mb: float
    server_cpu_ms: float
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Idle:
    """What a minute of an open tab costs."""

    bytes: float
    cpu_ms: float
    server_cpu_ms: float  # more than without the tab
    alone_ms: float  # of the server without the tab


class _Wire:
    """Counts what comes over the wire."""

    def __init__(self, cdp: CDPSession, host: str) -> None:
        self.bytes = self.requests = self.first = 0
        self.outside: set[str] = set()
        self._kinds: dict[str, str] = {}
        self._came: dict[str, int] = {}
        self._host = host
        cdp.send("Network.enable")
        cdp.on("Network.responseReceived", self._received)
        cdp.on("Network.loadingFinished", self._finished)
        cdp.on("Network.dataReceived", self._data)
        cdp.on("Network.loadingFailed", self._failed)

    def _received(self, event: dict[str, Any]) -> None:
        request = str(event["requestId"])
        self._kinds[request] = str(event["type"])
        self._came[request] = int(event["response"]["encodedDataLength"])
        host = urlsplit(event["response"]["url"]).netloc
        if host and host != self._host:
            self.outside.add(host)

    def _data(self, event: dict[str, Any]) -> None:
        request, size = str(event["requestId"]), int(event["encodedDataLength"])
        self._came[request] = self._came.get(request, 0) + size
        if self._kinds.get(request) == "EventSource":
            self.bytes += size

    def _failed(self, event: dict[str, Any]) -> None:
        """Count an answer that was read as it came: Chromium says that it failed."""
        self.bytes += self._came.get(str(event["requestId"]), 0)

    def _finished(self, event: dict[str, Any]) -> None:
        size = int(event["encodedDataLength"])
        kind = self._kinds.get(str(event["requestId"]), "")
        self.bytes += size
        self.requests += 1
        self.first += size if kind in ("Document", "Stylesheet") else 0


def visits(
    kind: BrowserType, path: str | None, url: str, pid: int, *, ready: str = DRAWN
) -> tuple[Visit, Visit]:
    """Return the first visit with an empty profile, and the third: by then scripts are compiled.

    Browsers keep compiled scripts from the second run on, and only in a profile on the disk.
    """
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    with tempfile.TemporaryDirectory() as profile:
        context = kind.launch_persistent_context(
            profile, executable_path=path, args=list(ARGUMENTS), viewport=VIEWPORT
        )
        found = [_visit(context, base, url, pid, ready) for _ in range(3)]
        context.close()
    return found[0], found[2]


def _visit(context: BrowserContext, base: str, path: str, pid: int, ready: str) -> Visit:
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    wire = _Wire(cdp, urlsplit(base).netloc)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, server = _task_ms(cdp), server_cpu_ms(pid)
    page.goto(path)
    page.wait_for_selector(ready, timeout=120_000)
    page.wait_for_timeout(SETTLE_MS)
    spent, server = _task_ms(cdp) - before, server_cpu_ms(pid) - server
    nodes = int(page.evaluate("document.getElementsByTagName('*').length"))
    heap = float(page.evaluate("performance.memory.usedJSHeapSize / 1048576"))
    page.close()
    outside = tuple(sorted(wire.outside))
    return Visit(wire.first, wire.bytes, wire.requests, spent, nodes, heap, server, outside)


def idle(
    browser: Browser, base: str, path: str, pid: int, *, seconds: int, ready: str = DRAWN
) -> Idle:
    """Return what an open tab costs while nothing happens, for a minute."""
    alone = server_cpu_ms(pid)
    time.sleep(seconds)
    alone = server_cpu_ms(pid) - alone

    def measure(page: Page, cdp: CDPSession, wire: _Wire) -> Idle:
        page.wait_for_selector(ready, timeout=120_000)
        page.wait_for_timeout(4 * SETTLE_MS)
        came, before, server = wire.bytes, _task_ms(cdp), server_cpu_ms(pid)
        page.wait_for_timeout(1000 * seconds)
        times = 60 / seconds
        spent, more = times * (_task_ms(cdp) - before), server_cpu_ms(pid) - server - alone
        return Idle(times * (wire.bytes - came), spent, times * more, times * alone)

    return _on_page(browser, base, path, measure)


def frame_switch_ms(browser: Browser, base: str, path: str) -> float:
    """Return the CPU of one step of the time slider through frames that are there."""
    step = """n => { const range = document.querySelector('.slider input[type=range]');
      let k = 0; const most = Number(range.max);
      return new Promise(done => { const turn = () => { if (k++ === n) return done();
        range.value = k % (most + 1); range.dispatchEvent(new Event('input'));
        requestAnimationFrame(turn); }; turn(); }); }"""

    def measure(page: Page, cdp: CDPSession, _: _Wire) -> float:
        page.wait_for_selector(".slider input[type=range]")
        page.wait_for_timeout(SETTLE_MS)
        page.evaluate(step, 5)
        before = _task_ms(cdp)
        page.evaluate(step, FRAME_SWITCHES)
        return (_task_ms(cdp) - before) / FRAME_SWITCHES

    return _on_page(browser, base, path, measure)


def follow(
    browser: Browser, base: str, path: str, tell: Callable[[int], int], *, times: int
) -> tuple[list[float], float]:
    """Return how long each new result took into an open page, in ms, and the bytes of each.

    `tell` stores the n-th result and returns its trial's number.
    """
    shown = """number => [...document.querySelectorAll('[data-part=latest] a')]
      .some(link => link.textContent.trim() === String(number)) && Date.now()"""

    def measure(page: Page, _: CDPSession, wire: _Wire) -> tuple[list[float], float]:
        page.wait_for_selector("[data-part=latest] a")
        page.wait_for_timeout(2 * SETTLE_MS)
        came, waited = wire.bytes, []
        for n in range(times):
            number, told = tell(n), 1000 * time.time()
            seen = page.wait_for_function(shown, arg=number, polling=20).json_value()
            waited.append(float(seen) - told)
            page.wait_for_timeout(1500)
        return waited, (wire.bytes - came) / times

    return _on_page(browser, base, path, measure)


def _on_page(
    browser: Browser, base: str, path: str, measure: Callable[[Page, CDPSession, _Wire], T]
) -> T:
    context = browser.new_context(base_url=base, viewport=VIEWPORT)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire = _Wire(cdp, urlsplit(base).netloc)
    page.goto(path)
    found = measure(page, cdp, wire)
    context.close()
    return found


def _task_ms(cdp: CDPSession) -> float:
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def server_cpu_ms(pid: int) -> float:
    """Return the CPU time of a process, all its threads, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / TICKS
