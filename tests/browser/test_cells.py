"""The map as a control: a cursor for the keyboard, and what can be done with a cell."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import heat, open_map, wait_for
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


def _open(page: Page, *keys: str) -> None:
    """Open the menu of the cell that some keys lead to."""
    page.get_by_role("button", name="Choose a cell").focus()
    for key in (*keys, "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Queue it")).to_be_focused()


def _snapshot_of(api: Api, study: str, *, revision: int) -> int:
    """Wait for the first snapshot of a revision; its seq."""
    deadline = time.monotonic() + 20
    while (newest := api.snapshots(study)[-1])["revision"] < revision:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(newest["seq"])


TO_A_3_B_1 = ("ArrowRight", "ArrowRight", "ArrowDown")


def test_a_cell_is_queued_and_taken_back(page: Page, api: Api, study: str) -> None:
    """By keyboard alone; the trial is there and then it is not."""
    _open(page, *TO_A_3_B_1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take that back")).to_be_focused()

    trial = _trials(api, study)[-1]
    assert (trial["assignments"], trial["state"]) == ({"a": 3, "b": 1}, "queued")
    page.keyboard.press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Taken back.")

    assert trial["number"] not in [one["number"] for one in _trials(api, study)]
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Choose a cell")).to_be_focused()


def test_a_cell_is_excluded_by_a_rule_and_searched_again(page: Page, api: Api, study: str) -> None:
    """The study has a new revision with one cell less, on which there is no belief; and back."""
    _open(page, *TO_A_3_B_1)
    page.get_by_role("button", name="Exclude it").press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("the grid has 5 cells now")

    rule = {"forbid": [{"a": 3, "b": 1}]}
    found = api.get(f"/studies/{study}")
    assert (found["constraints"], found["n_cells"], found["revision"]) == (rule, 5, 2)
    assert len(_trials(api, study)) == 2
    wait_for(page, "p_best", _snapshot_of(api, study, revision=2))
    assert heat(page)[0][2] == 0
    page.keyboard.press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Searched again: the grid has 6 cells now")
    assert api.get(f"/studies/{study}")["constraints"] is None


def test_an_excluded_cell_offers_the_way_back(page: Page, api: Api, study: str) -> None:
    """Also much later; a cell that another rule excludes is not let in by it."""
    rules = {"forbid": [{"a": 3, "b": 1}], "require": ["a * b != 6"]}
    api.patch(f"/studies/{study}", {"constraints": rules})
    _open(page, *TO_A_3_B_1)
    page.get_by_role("button", name="Search it again").press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Searched again")
    assert api.get(f"/studies/{study}")["constraints"] == {"require": ["a * b != 6"]}
    page.keyboard.press("Escape")

    _open(page, "ArrowUp")
    page.get_by_role("button", name="Search it again").press("Enter")

    expect(page.locator(".cell-menu [role=alert]")).to_contain_text("A rule of the study")


def test_a_cell_is_annotated(page: Page, api: Api, study: str) -> None:
    """On its newest trial, or with the study if it has none; what is noted is read in the menu."""
    _open(page, *TO_A_3_B_1)
    page.get_by_role("button", name="Note …").press("Enter")
    page.keyboard.type("too hot")
    page.get_by_role("button", name="Save the note").press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Noted with the study.")
    assert api.get(f"/studies/{study}")["notes"] == "a 3, b 1: too hot"
    page.keyboard.press("Escape")

    _open(page, "ArrowLeft", "ArrowUp")
    expect(page.locator(".cell-menu")).to_contain_text("Trial 2: completed · 0.2")
    page.get_by_role("button", name="Note …").press("Enter")
    page.keyboard.type("do it again")
    page.get_by_role("button", name="Save the note").press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Noted on trial 2.")

    assert api.get(f"/studies/{study}/trials/2")["notes"] == "do it again"
    page.get_by_role("button", name="Take that back").press("Enter")
    expect(page.locator(".cell-menu")).to_contain_text("Taken back.")
    assert api.get(f"/studies/{study}/trials/2")["notes"] == ""


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
