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
        _tab_to_field(page, field)
        page.keyboard.type({"p0.values": "1, 2, 3"}.get(field, f"typed {field[:2]}"))
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/studies/st_"))


def test_a_study_is_made_and_a_cell_of_its_map_is_queued(page: Page, api: Api) -> None:
    """From an empty form to a queued trial and back, with no hand on a pointer."""
    page.goto("/")
    tab_to(page, "^New study$")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/studies/new$"))
    for field, text in {
        "name": "made by keys",
        "p0.name": "depth",
        "p0.values": "1, 2, 3",
        "metric": "loss",
    }.items():
        _tab_to_field(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/studies/st_"))
    study = page.url.rpartition("/")[2]

    tab_to(page, "^Posterior$")
    page.keyboard.press("Enter")
    expect(page.locator(MAP)).to_have_attribute("data-drawn", DRAWN)
    expect(page.get_by_role("button", name="Choose a cell")).to_be_visible()
    tab_to(page, "^Choose a cell")
    page.keyboard.press("ArrowRight")
    said = page.locator(".cell-tools [role=status]")
    expect(said).to_contain_text(re.compile(r"depth [23]: P\(best\) 33\s%, not tested\."))
    where = int(re.findall(r"depth (\d)", said.text_content() or "")[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Queue it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take that back")).to_be_focused()
    (trial,) = api.get(f"/studies/{study}/trials")["items"]
    assert (trial["state"], trial["assignments"]) == ("queued", {"depth": where})

    page.keyboard.press("Enter")
    expect(page.locator(".cell-menu [role=status]")).to_have_text("Taken back.")
    assert api.get(f"/studies/{study}/trials")["items"] == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Choose a cell")).to_be_focused()


def test_trials_are_filtered_and_one_is_reached(page: Page, study: str) -> None:
    """The filter, its button and the jump to a number."""
    page.goto(f"/studies/{study}/trials")
    _tab_to_field(page, "fix.a")
    page.keyboard.type("2")
    _tab_to_field(page, "low")  # it is before it: once around
    page.keyboard.type("0.1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"low=0\.1.*fix\.a=2"))
    expect(page.locator("tbody tr")).to_have_count(1)

    _tab_to_field(page, "number")
    page.keyboard.type("2")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/trials/2$"))


def _tab_to_field(page: Page, name: str) -> None:
    """Press the tab key until a field of a name has the focus."""
    for _ in range(2 * MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    pytest.fail(f"no field {name!r} is reached")


@pytest.mark.parametrize("width", [320, 640])
@pytest.mark.parametrize("name", [name for name in PAGES if name != "trial"])
def test_pages_are_narrow_and_small(page: Page, study: str, name: str, width: int) -> None:
    """320 pixels, and 1280 at 200 %: nothing is wider than the page, and no page is large."""
    page.set_viewport_size({"width": width, "height": 700})

    page.goto(PAGES[name].format(study=study, trial=1, other=study))
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES
