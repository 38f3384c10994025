"""A real browser on a real server. Every page is watched: what it must never do fails its test."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.service import Api
from tests.support.missing import lacking

WATCH_CSP = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP " + event.effectiveDirective + " " + event.blockedURI + " " + event.sample));
"""
HOW_TO_INSTALL = "apt-get install chromium-headless-shell"
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")


@dataclass  # without slots: Playwright hangs an attribute on whoever listens
class Watch:
    """What a page did that it must not do."""

    host: str
    errors: list[str] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    allowed: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host:
            self.outside.add(parts.netloc)

    def check(self) -> None:
        """Fail unless the page kept to itself and to its policy."""
        unexpected = [e for e in self.errors if not any(part in e for part in self.allowed)]
        assert not self.outside
        assert not unexpected


def find_browser() -> str | None:
    """Return the browser that is installed on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    path = find_browser()
    if path is None:
        lacking("a browser", f"To run the tests of the pages: {HOW_TO_INSTALL}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # a sandbox cannot be root's
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server on an empty SQLite database, or of one that already runs."""
    running = os.environ.get("BELIEFGRID_TEST_URL")
    if running:
        yield running
        return
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    environment = {
        **os.environ,
        "BELIEFGRID_DATABASE_URL": f"sqlite:///{folder / 'test.db'}",
        "BELIEFGRID_PORT": str(port),
    }
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "beliefgrid.cli", "serve", "--port", str(port)],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def api(server_url: str) -> Iterator[Api]:
    """The service over HTTP, for what a test needs to be there."""
    with httpx2.Client(base_url=server_url, timeout=30) as client:
        yield Api(client)


@pytest.fixture(scope="module")
def api_for_module(server_url: str) -> Iterator[Api]:
    """The same, for what the tests of a file share."""
    with httpx2.Client(base_url=server_url, timeout=30) as client:
        yield Api(client)


@pytest.fixture
def watch(server_url: str) -> Iterator[Watch]:
    """What the test's pages did; checked when the test is over."""
    watching = Watch(host=urlsplit(server_url).netloc)
    yield watching
    watching.check()


@pytest.fixture
def context(browser: Browser, server_url: str, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh browser profile; each of its pages is watched."""
    opened = browser.new_context(base_url=server_url, viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(15_000)
    opened.add_init_script(WATCH_CSP)
    opened.on("page", watch.follow)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A fresh page."""
    return context.new_page()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx2.get(f"{url}/readyz", timeout=2).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the server is not ready after 30 s:\n{log.read_text()}")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Mark everything here, so that `-m browser` runs it alone."""
    for item in items:
        if "browser" in str(item.path.parent.name):
            item.add_marker(pytest.mark.timeout(120))
