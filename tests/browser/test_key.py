"""The key of a map: what its marks and colours mean, with and without scripts, on any width."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chart import MAP, drawn, open_map
from tests.browser.service import Api

LONG = ["Potassium pivalate", "Cesium acetate", "Tricyclohexylphosphine"]
RULES = {"forbid": [{"a": 1}, {"a": 3, "b": 2}]}


@pytest.fixture
def study(api: Api) -> str:
    """A study of three by two cells, of which three are excluded by rules."""
    results = [({"a": 2, "b": 1}, 0.9), ({"a": 2, "b": 2}, 0.2)]
    return api.create({"a": [1, 2, 3], "b": [1, 2]}, results=results, constraints=RULES)


def test_excluded_cells_are_marked_named_and_spoken(page: Page, study: str) -> None:
    """They have a shape of their own, and the cursor says that nothing is tested there."""
    open_map(page, study, "?x=a&y=b")
    traces = {trace["name"]: trace for trace in drawn(page)["data"][1:]}

    places = zip(traces["excluded"]["x"], traces["excluded"]["y"], strict=True)
    assert {(round(i), round(j)) for i, j in places} == {(0, 0), (0, 1), (2, 1)}
    expect(page.locator(f"{MAP} [data-kind=excluded]")).to_be_visible()

    page.get_by_role("button", name="Choose a cell").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    said = page.locator(".cell-tools [role=status]")
    expect(said).to_contain_text("excluded, not searched.")


def test_the_first_paint_has_the_same_key(browser: Browser, server_url: str, study: str) -> None:
    """The names of the marks and both ends of the colours are there without scripts."""
    found = []
    for has_scripts in (False, True):
        context = browser.new_context(base_url=server_url, java_script_enabled=has_scripts)
        page = context.new_page()
        page.goto(f"/studies/{study}/posterior?x=a&y=b")
        if has_scripts:
            expect(page.locator(f"{MAP} .plot")).to_be_visible()
        names = page.locator(f"{MAP} [data-kind]:visible").all_inner_texts()
        found.append((names, page.locator(f"{MAP} .key-scale").inner_text().split()))
        context.close()

    assert found[0] == found[1]
    assert set(found[0][0]) >= {"tested", "excluded", "best so far"}


def test_the_scale_follows_the_layer(page: Page, study: str) -> None:
    """Another layer has other colours, other ends and its unit."""
    open_map(page, study, "?x=a&y=b")
    bar = page.locator(f"{MAP} .key-scale image")
    before = bar.get_attribute("href")

    page.get_by_label("Layer").select_option("mean")

    expect(page.locator(f"{MAP} .key-scale")).to_contain_text("predicted mean (mse)")
    assert bar.get_attribute("href") != before


def test_a_telephone_shows_a_map_of_long_names(page: Page, api: Api) -> None:
    """The plot has at least two fifths of the width; no label is cut at the left."""
    study = api.create({"a": LONG, "b": LONG}, results=[({"a": LONG[0], "b": LONG[1]}, 0.9)])
    page.set_viewport_size({"width": 390, "height": 800})
    open_map(page, study, "?x=a&y=b")
    whole = page.locator(f"{MAP} .chart-body").bounding_box()
    plot = page.locator(f"{MAP} .nsewdrag").bounding_box()
    assert whole is not None
    assert plot is not None

    assert plot["width"] > 0.4 * whole["width"]
    for label in page.locator(f"{MAP} .xtick text").all():
        box = label.bounding_box()
        assert box is not None
        assert box["x"] > whole["x"]


def test_a_saved_picture_has_its_key(page: Page, study: str) -> None:
    """What leaves the page says what its marks and colours mean."""
    open_map(page, study, "?x=a&y=b")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save chart as SVG").first.click()
    text = download.value.path().read_text()

    for name in ("tested", "excluded", "best so far", "P(best)"):
        assert name in text
