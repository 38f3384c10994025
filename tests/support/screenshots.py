"""Pictures for the docs: the demo's two studies at their start, middle and end.

Run by `make screenshots`; writes docs/images. The trials are real, one worker does them in order.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from beliefgrid.demo.children import start_service
from beliefgrid.demo.studies import LARGE, SMALL, Definition, find_or_create
from beliefgrid.demo.worker import train
from beliefgrid_client import Client, Study
from tests.browser.conftest import find_browser

FOLDER = Path("docs/images")
SIZE = (1200, 860)
COLOURS = 255  # a page has few; this makes the pictures three times smaller
PAGES = {"overview": "", "posterior": "/posterior"}
DRAWN = ".js-plotly-plot .main-svg"
SETTLE_MS = 1500


@dataclass(frozen=True, slots=True)
class Story:
    """A study, and after how many of its trials a picture is taken."""

    name: str
    definition: Definition
    start: int
    middle: int


STORIES = (Story("small", SMALL, 2, 5), Story("large", LARGE, 5, 15))


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser_page() as page:
        service = start_service(Path(name), 0)
        try:
            client = Client(service.url)
            for story in STORIES:
                tell(story, find_or_create(client, story.definition), page)
        finally:
            service.end()


def tell(story: Story, study: Study, page: Page) -> None:
    """Run one study to its end, with pictures on the way."""
    study.run(train, pass_trial=True, worker="demo-1", max_trials=story.start)
    picture(story, study, page, "start")
    study.run(train, pass_trial=True, worker="demo-1", max_trials=story.middle - story.start)
    picture(story, study, page, "middle")
    study.run(train, pass_trial=True, worker="demo-1")
    picture(story, study, page, "end")


def picture(story: Story, study: Study, page: Page, moment: str) -> None:
    """Take the pages of a study as they are now."""
    for name, path in PAGES.items():
        page.goto(f"{study.connection.url}/studies/{study.id}{path}")
        page.wait_for_selector(DRAWN, timeout=15_000)
        page.wait_for_timeout(SETTLE_MS)
        target = FOLDER / f"{story.name}-{name}-{moment}.png"
        page.screenshot(path=target)
        # Rare colours stay as they are: those of the marks mean something.
        taken = Image.open(target).convert("RGB")
        few = taken.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3)
        few.save(target, optimize=True)
        sys.stdout.write(f"{target}: {target.stat().st_size / 1024:.0f} kB\n")


@contextmanager
def browser_page() -> Iterator[Page]:
    """Open a page in a real browser."""
    path = find_browser()
    if path is None:
        raise SystemExit("no Chromium; `playwright install --with-deps chromium-headless-shell`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        width, height = SIZE
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


if __name__ == "__main__":
    main()
