"""The grid is edited while somebody looks at it."""

import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import MAP, open_map, wait_for
from tests.browser.service import Api

TICKS = f"document.querySelector('{MAP} .plot')._fullLayout.xaxis.ticktext"


@pytest.fixture
def study(api: Api) -> str:
    """A study whose best cell is at the largest a."""
    results = [({"a": a, "b": b}, 4.0 - a + 0.1 * b) for a in (1, 2, 3) for b in (1, 2)]
    return api.create({"a": [1, 2, 3], "b": [1, 2]}, results=results)


def test_an_open_heatmap_follows_the_grid_and_its_past(page: Page, api: Api, study: str) -> None:
    """New cells appear by themselves; a moment from before shows the grid of then, and says so."""
    open_map(page, study, "?x=a&y=b")
    before = api.snapshots(study)[-1]["seq"]

    edit(page, study, [{"name": "a", "kind": "ordered", "values": [0, 1, 3]}, second()])

    page.wait_for_function(f"() => String({TICKS}) === '0,1,3'")
    caption = page.locator("[data-part=map_caption]")
    slider = page.locator(".slider input[type=range]")
    slider.press("ArrowLeft")
    wait_for(page, "p_best", before)
    assert page.evaluate(TICKS) == ["1", "2", "3"]
    expect(caption).to_contain_text("from before the grid was edited")
    slider.press("End")
    page.wait_for_function(f"() => String({TICKS}) === '0,1,3'")
    expect(caption).not_to_contain_text("from before the grid was edited")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert "at=" not in page.url


def test_a_level_is_added_with_one_click_and_taken_back(page: Page, study: str) -> None:
    """From the advice on the Overview, and from the page that it leads to."""
    page.goto(f"/studies/{study}")
    page.get_by_role("button", name="Add a 4").click()

    expect(page).to_have_url(re.compile("/settings"))
    expect(page.get_by_label("a, linear scale")).to_have_value("1, 2, 3, 4")
    page.get_by_role("button", name="Take that back").click()
    expect(page.get_by_label("a, linear scale")).to_have_value("1, 2, 3")


def second() -> dict[str, Any]:
    """Return the parameter that stays."""
    return {"name": "b", "kind": "ordered", "values": [1, 2]}


def edit(page: Page, study: str, parameters: list[dict[str, Any]]) -> None:
    """Change the grid as a program does."""
    origin = page.evaluate("location.origin")
    url = f"{origin}/api/v1/studies/{study}"
    httpx2.patch(url, json={"parameters": parameters}).raise_for_status()
