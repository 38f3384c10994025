"""A prior is painted: with the pointer, with the keyboard, and taken back."""

import json
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Api


@pytest.fixture
def painted(page: Page, api: Api) -> Page:
    """The page of the prior of a grid of 4 by 3."""
    study = api.create({"a": [1, 2, 3, 4], "b": [1, 2, 3]}, name="painted")
    page.goto(f"/studies/{study}/prior")
    expect(page.locator("canvas.painting")).to_be_visible()
    return page


def _weights(page: Page) -> list[list[float]]:
    found: dict[str, Any] = json.loads(page.locator("input[name=painting]").input_value())
    weights: list[list[float]] = found["weights"]
    return weights


def test_the_keyboard_paints(painted: Page) -> None:
    """Arrows move, space paints, what is there is said, Z takes back."""
    canvas = painted.locator("canvas.painting")
    canvas.focus()
    for key in ("ArrowRight", "ArrowUp", " ", " "):
        painted.keyboard.press(key)

    assert _weights(painted)[1][1] == 4
    expect(painted.locator("#painter [role=status]")).to_contain_text("a 2, b 2: weight 4")
    painted.keyboard.press("z")
    assert _weights(painted)[1][1] == 2
    painted.keyboard.press("e")
    painted.keyboard.press(" ")
    assert _weights(painted) == [[1] * 4] * 3


def test_the_pointer_paints_and_undo_takes_back(painted: Page) -> None:
    """A stroke is one step back."""
    painted.locator("canvas.painting").scroll_into_view_if_needed()
    box = painted.locator("canvas.painting").bounding_box()
    assert box is not None
    left, top = box["x"], box["y"] + box["height"] / 6  # the upper row
    painted.mouse.move(left + box["width"] / 8, top)
    painted.mouse.down()
    painted.mouse.move(left + 7 * box["width"] / 8, top, steps=12)
    painted.mouse.up()

    assert _weights(painted)[2] == [2, 2, 2, 2]
    painted.get_by_role("button", name="Smooth").click()
    assert _weights(painted)[1][0] > 1
    painted.get_by_role("button", name="Undo").click()
    painted.get_by_role("button", name="Undo").click()
    assert _weights(painted) == [[1] * 4] * 3


def test_what_was_painted_is_previewed_and_saved(painted: Page) -> None:
    """The preview says where it is likeliest; saved, it is the prior."""
    painted.locator("canvas.painting").focus()
    for _ in range(6):
        painted.keyboard.press(" ")
    form = painted.locator("form", has=painted.locator("#painter"))
    form.get_by_role("button", name="Preview").click()
    expect(painted.get_by_text("A preview, not saved")).to_contain_text("a 1, b 1")

    form.get_by_role("button", name="Save").click()

    expect(painted.get_by_text("Saved; the posterior follows")).to_be_visible()
    expect(painted.locator(".sentence")).to_contain_text("The prior favoured a 1, b 1")
    assert _weights(painted)[0][0] > _weights(painted)[2][3]


def test_a_file_fills_the_table(painted: Page) -> None:
    """It is read in the browser; nothing is sent before the form is."""
    rows = b"a,weight\n4,2\n"
    painted.locator("input[type=file]").set_input_files(
        {"name": "p.csv", "mimeType": "text/csv", "buffer": rows}
    )

    expect(painted.locator("textarea[name=csv]")).to_have_value(rows.decode())


def test_an_even_prior_is_mid_tone_and_its_levels_are_named(painted: Page) -> None:
    """Neither dark nor bright, so that both raising and lowering show; rows count upwards."""
    script = """([i, j]) => [...document.querySelector("canvas.painting").getContext("2d")
      .getImageData(i, j, 1, 1).data].slice(0, 3)"""
    even = painted.evaluate(script, [0, 0])
    assert 90 < sum(even) / 3 < 150

    painted.locator("canvas.painting").focus()
    painted.keyboard.press(" ")  # the cell at the lower left

    raised, others = painted.evaluate(script, [0, 2]), painted.evaluate(script, [1, 1])
    assert sum(raised) > sum(even) > sum(others)
    rows = painted.locator(".painting-rows span")
    heights = [rows.nth(i).bounding_box() for i in range(3)]
    assert rows.all_text_contents() == ["1", "2", "3"]
    assert all(box is not None for box in heights)
    tops = [box["y"] for box in heights if box is not None]
    assert tops == sorted(tops, reverse=True)
    assert painted.locator(".painting-columns span").all_text_contents() == ["1", "2", "3", "4"]


def test_long_levels_are_named_as_far_as_there_is_room(page: Page, api: Api) -> None:
    """Some are left out; none stands on another or leaves the page."""
    names = [f"a rather long name {i}" for i in range(12)]
    study = api.create({"a": names, "b": [1, 2, 3]}, name="long names")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/studies/{study}/prior")
    expect(page.locator("canvas.painting")).to_be_visible()

    spans = page.locator(".painting-columns span").all()
    boxes = [box for span in spans if (box := span.bounding_box()) is not None]

    assert boxes, "no level is named"
    assert len(boxes) < len(names), "all twelve are named, where there is room for a few"
    for left, right in pairwise(boxes):
        assert left["x"] + left["width"] <= right["x"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
