"""The outline around the cells that hold most of the belief."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chart import MAP, open_map
from tests.browser.service import Api

INSIDE = "async ([z, share]) => (await import(document.querySelector('script[src*=main]').src.replace('main.js', 'outline.js'))).smallest(z, share)"  # noqa: E501 - one expression of a browser


def test_the_outline_holds_the_fewest_cells_of_a_share(page: Page, api: Api) -> None:
    """The most probable come first, until the share is reached."""
    study = api.create({"a": [1, 2, 3], "b": [1, 2]}, results=[({"a": 1, "b": 1}, 0.9)])
    open_map(page, study, "?x=a&y=b")
    z = [[0.4, 0.05, 0.05], [0.3, 0.15, 0.05]]

    assert page.evaluate(INSIDE, [z, 0.5]) == [[True, False, False], [True, False, False]]
    assert page.evaluate(INSIDE, [z, 0.8]) == [[True, False, False], [True, True, False]]


def test_an_outline_is_chosen_and_kept_in_the_address(page: Page, api: Api) -> None:
    """It is drawn, it survives a reload, and other layers show the same cells."""
    study = api.create({"a": [1, 2, 3], "b": [1, 2]}, results=[({"a": 1, "b": 1}, 0.9)])
    open_map(page, study, "?x=a&y=b")
    paths = page.locator(f"{MAP} .shapelayer path")
    expect(paths).to_have_count(0)

    page.get_by_label("Outline of").select_option("all")

    expect(paths).to_have_count(6)
    assert "outline=all" in page.url
    page.reload()
    expect(paths).to_have_count(6)
    drawn = [path.get_attribute("d") for path in paths.all()]
    page.locator("form[data-for=posterior-map] select[name=layer]").select_option("mean")
    expect(page.locator(MAP)).to_have_attribute("data-drawn", re.compile("^mean:"))
    expect(paths).to_have_count(6)
    assert [path.get_attribute("d") for path in paths.all()] == drawn
