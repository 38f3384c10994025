"""The map as a control: a cursor for the keyboard, and what can be done with a cell."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import open_map
from tests.browser.service import Api


@pytest.fixture
def study(page: Page, api: Api) -> str:
    """The map of a study of three by two cells, open."""
    results = [({"a": 1, "b": 1}, 0.9), ({"a": 2, "b": 2}, 0.2)]
    made = api.create({"a": [1, 2, 3], "b": [1, 2]}, results=results)
    open_map(page, made, "?x=a&y=b")
    return made


def _trials(api: Api, study: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = api.get(f"/studies/{study}/trials")["items"]
    return items


@pytest.mark.usefixtures("study")
def test_the_keyboard_moves_over_cells_and_they_are_said(page: Page) -> None:
    """It starts at the peak; what is under it is spoken."""
    page.get_by_role("button", name="Choose a cell").focus()
    said = page.locator(".cell-tools [role=status]")

    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")

    expect(said).to_contain_text("a 3, b 2: P(best)")
    expect(said).to_contain_text("not tested")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("a 2, b 2: P(best)")
    expect(said).to_contain_text("1 result")


@pytest.mark.parametrize(("name", "state"), [("Queue it", "queued"), ("Exclude it", "infeasible")])
def test_a_cell_is_queued_or_excluded_and_taken_back(
    page: Page, api: Api, study: str, name: str, state: str
) -> None:
    """By keyboard alone; the trial is there and then it is not."""
    page.get_by_role("button", name="Choose a cell").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name=name).press("Enter")
    expect(page.get_by_role("button", name="Take that back")).to_be_focused()

    trial = _trials(api, study)[-1]
    assert (trial["assignments"], trial["state"]) == ({"a": 3, "b": 1}, state)
    page.keyboard.press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Taken back.")

    assert trial["number"] not in [one["number"] for one in _trials(api, study)]
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Choose a cell")).to_be_focused()


def test_a_click_opens_the_menu_of_that_cell(page: Page, study: str) -> None:
    """The cursor stands on it."""
    box = page.locator("#posterior-map .nsewdrag").first.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 6 + 3, box["y"] + 3 * box["height"] / 4)
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + 3 * box["height"] / 4)

    expect(page.locator(".cell-menu")).to_contain_text("a 1, b 1")
    link = page.get_by_role("link", name="What if …")
    expect(link).to_have_attribute("href", f"/studies/{study}/what-if?fix.a=1&fix.b=1")


@pytest.mark.usefixtures("study")
def test_the_strip_says_what_each_result_taught(page: Page) -> None:
    """In bits, as the slider moves."""
    expect(page.locator(".slider output")).to_contain_text("bits")
