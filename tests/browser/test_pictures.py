"""The main figures look as they did when a person looked at them."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, Page, expect

from tests.browser.chart import MAP, open_map
from tests.browser.looks import STORED, is_alike, seen, stored_picture
from tests.browser.service import Api

COLUMNS, ROWS = 12, 8
MARKS = ".plot .scatterlayer, .sketch-map svg:not(.picture)"
WITHOUT_MARKS = f"document.querySelectorAll('{MARKS}').forEach(e => e.remove())"


@pytest.fixture(scope="module")
def study(api_for_module: Api) -> str:
    """A study whose prior is two hills, with results that fall."""
    at = np.moveaxis(np.indices((COLUMNS, ROWS)), 0, -1)
    hills = [((3, 5), 2.0, 1.0), ((9, 2), 1.2, 0.6)]
    weights = sum(
        height * np.exp(-((at - top) ** 2).sum(axis=-1) / (2 * width**2))
        for top, width, height in hills
    )
    draw = random.Random(7)
    results = [
        ({"a": draw.randrange(COLUMNS), "b": draw.randrange(ROWS)}, 1 + draw.random() / (1 + n / 9))
        for n in range(40)
    ]
    found = api_for_module.create(
        {"a": list(range(COLUMNS)), "b": list(range(ROWS))}, prior={"table": weights.tolist()}
    )
    rows = [{"assignments": assignments, "value": value} for assignments, value in results]
    api_for_module.post(f"/studies/{found}/observations:batch", {"rows": rows})
    api_for_module.wait_for_results(found, len(rows))
    return found


def test_the_map_looks_as_it_should(page: Page, study: str) -> None:
    """Every cell in its place, in its colour, with sharp edges."""
    open_map(page, study, "?layer=prior&x=a&y=b&colour=linear")
    page.evaluate(WITHOUT_MARKS)

    shown = seen(page, page.locator(f"{MAP} .heatmaplayer image"))

    assert is_alike(shown, stored_picture("map", shown))


def test_the_first_paint_is_the_same_map(browser: Browser, server_url: str, study: str) -> None:
    """What the server draws for a browser without scripts looks as what Plotly draws."""
    context = browser.new_context(base_url=server_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/studies/{study}/posterior?layer=prior&x=a&y=b&colour=linear")
    page.evaluate(WITHOUT_MARKS)

    shown = seen(page, page.locator(f"{MAP} .sketch-map image"))
    context.close()

    assert is_alike(shown, stored_picture("first-paint", shown))


def test_the_history_looks_as_it_should(page: Page, study: str) -> None:
    """Points, and the line of the best so far, where they belong."""
    page.goto(f"/studies/{study}")
    page.locator("#history").scroll_into_view_if_needed()
    expect(page.locator("#history")).to_have_attribute("data-drawn", "40")

    shown = seen(page, page.locator("#history .plot .nsewdrag"))

    assert is_alike(shown, stored_picture("history", shown))


SPOILT: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blank": lambda image: Image.new("RGB", image.size, image.getpixel((0, 0))),
    "smoothed": lambda image: image.filter(ImageFilter.GaussianBlur(8)),
    "shifted": lambda image: ImageChops.offset(image, image.width // COLUMNS, 0),
    "upside down": lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
}


@pytest.mark.parametrize("name", ["map", "first-paint", "history"])
@pytest.mark.parametrize("wrong", SPOILT)
def test_a_figure_that_is_wrong_is_noticed(name: str, wrong: str) -> None:
    """The tolerance is for edges and not for mistakes."""
    stored = Image.open(STORED / f"{name}.png").convert("RGB")

    assert not is_alike(SPOILT[wrong](stored), stored)


@pytest.mark.parametrize("name", ["map", "first-paint", "history"])
def test_edges_may_fall_a_little_beside(name: str) -> None:
    """Another font makes the plot another few pixels wide."""
    stored = Image.open(STORED / f"{name}.png").convert("RGB")
    large = stored.resize((stored.width * 3, stored.height * 3), Image.Resampling.NEAREST)
    beside = ImageChops.offset(large, 1, 0).resize(stored.size, Image.Resampling.BOX)

    assert is_alike(beside, stored)
