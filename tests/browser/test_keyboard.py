"""The main journeys with a keyboard alone, and pages that are narrow, zoomed and small."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import MAP
from tests.browser.service import Api
from tests.browser.test_pages import DRAWN, PAGES

MOST_TABS = 60
MOST_NODES = 3000
FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.getAttribute("aria-label") || at.labels?.[0]?.textContent;
  return (label || at.textContent || "").trim();
}"""


@pytest.fixture(scope="module")
def study(api_for_module: Api) -> str:
    """A study with a few results."""
    results = [({"a": a, "b": 1}, 0.5 / a) for a in (1, 2, 3)]
    return api_for_module.create({"a": [1, 2, 3], "b": [1, 2]}, name="by keys", results=results)


def tab_to(page: Page, name: str) -> None:
    """Press the tab key until something of a name has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if re.search(name, page.evaluate(FOCUSED)):
            return
    pytest.fail(f"{name!r} is not reached within {MOST_TABS} steps")


def test_from_the_list_to_the_past_and_to_the_why(page: Page, api: Api, study: str) -> None:
    """Studies, Posterior, the slider, Trials, the reason of one."""
    trial = api.suggest(study)
    page.goto("/")
    tab_to(page, "^by keys$")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/studies/{study}$"))
    tab_to(page, "^Posterior$")
    page.keyboard.press("Enter")
    expect(page.locator(MAP)).to_have_attribute("data-drawn", DRAWN)
    expect(page.locator(".slider input")).to_be_enabled()
    tab_to(page, "^Moment of the search$")
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("at="))
    page.goto(f"/studies/{study}")
    tab_to(page, "^Trials$")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/trials$"))
    tab_to(page, f"^{trial['number']}$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Why this cell")).to_be_visible()


def test_a_study_is_made(page: Page) -> None:
    """New study, field by field."""
    page.goto("/studies/new")
    for field in ("name", "p0.name", "p0.values", "metric"):
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == field:
                break
        page.keyboard.type({"p0.values": "1, 2, 3"}.get(field, f"typed {field[:2]}"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/studies/(st_|new)"))


@pytest.mark.parametrize("width", [320, 640])
@pytest.mark.parametrize("name", [name for name in PAGES if name != "trial"])
def test_pages_are_narrow_and_small(page: Page, study: str, name: str, width: int) -> None:
    """320 pixels, and 1280 at 200 %: nothing is wider than the page, and no page is large."""
    page.set_viewport_size({"width": width, "height": 700})

    page.goto(PAGES[name].format(study=study, trial=1, other=study))
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
