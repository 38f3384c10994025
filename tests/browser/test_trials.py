"""The Trials page: one filter for the table and the chart, and the way to one trial."""

import re

from playwright.sync_api import Page, expect

from tests.browser.chart import drawn
from tests.browser.service import Api

GRID = {"a": [1, 2, 3], "b": [1, 2]}
HISTORY = "#history"


def test_a_filter_moves_table_and_chart_together(page: Page, api: Api) -> None:
    """What was picked is in the address, and comes back with it; a point leads to its trial."""
    results = [({"a": a, "b": b}, round(0.1 * a + 0.01 * b, 3)) for a in (1, 2, 3) for b in (1, 2)]
    study = api.create(GRID, results=results)
    page.goto(f"/studies/{study}/trials")
    expect(page.locator(HISTORY)).to_have_attribute("data-drawn", "6")

    page.locator("select[name='fix.a']").select_option("2")
    page.get_by_label("mse from").fill("0.215")
    page.get_by_role("button", name="Show").click()

    expect(page).to_have_url(re.compile(r"low=0\.215.*fix\.a=2"))
    expect(page.locator(HISTORY)).to_have_attribute("data-drawn", "1")
    assert drawn(page, HISTORY)["data"][0]["y"] == [0.22]
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("select[name='fix.a']")).to_have_value("2")
    point = page.locator(f"{HISTORY} .scatterlayer .point").first
    box = point.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"/trials/4$"))


def test_a_filtered_list_follows(page: Page, api: Api) -> None:
    """A new result that matches comes in; one that does not match stays out."""
    study = api.create(GRID, results=[({"a": 1, "b": 1}, 0.5)])
    page.goto(f"/studies/{study}/trials?fix.a=1")
    expect(page.locator("#live")).to_contain_text("live")
    expect(page.locator(HISTORY)).to_have_attribute("data-drawn", "1")

    api.import_result(study, {"a": 2, "b": 1}, 0.4)
    api.import_result(study, {"a": 1, "b": 2}, 0.3)

    expect(page.locator(HISTORY)).to_have_attribute("data-drawn", "2")
    expect(page.get_by_role("row").filter(has_text="0.3").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="0.4")).to_have_count(0)
