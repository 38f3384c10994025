"""What tests read off a drawn chart."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

MAP = "#posterior-map"
_ANYTHING = re.compile(".+")


def open_map(page: Page, study: str, query: str = "") -> Locator:
    """Open a study's Posterior page and wait until Plotly has drawn it."""
    page.goto(f"/studies/{study}/posterior{query}")
    figure = page.locator(MAP)
    expect(figure).to_have_attribute("data-drawn", _ANYTHING)
    return figure


def wait_for(page: Page, layer: str, seq: int) -> None:
    """Wait until a layer of a snapshot is drawn, exactly."""
    expect(page.locator(MAP)).to_have_attribute("data-drawn", f"{layer}:{seq}")


def drawn(page: Page, selector: str = MAP) -> dict[str, Any]:
    """Return the data and layout that Plotly drew."""
    script = """selector => {
        const plot = document.querySelector(selector + " .plot");
        return JSON.parse(JSON.stringify({data: plot.data, layout: plot.layout}));
    }"""
    found: dict[str, Any] = page.evaluate(script, selector)
    return found


def heat(page: Page) -> list[list[float | None]]:
    """Return the numbers of the drawn heatmap."""
    z: list[list[float | None]] = drawn(page)["data"][0]["z"]
    return z


def labels(page: Page, axis: str) -> list[str]:
    """Return the labels of an axis in the order in which they stand, from the origin on."""
    ticks = page.locator(f"{MAP} .{axis}tick text").all()
    boxes = [(tick.bounding_box(), tick.text_content() or "") for tick in ticks]
    placed = [(box, text) for box, text in boxes if box is not None]
    if axis == "x":
        return [text for _, text in sorted(placed, key=lambda found: found[0]["x"])]
    return [text for _, text in sorted(placed, key=lambda found: -found[0]["y"])]
