"""The time slider moves through the snapshots and shows what was stored."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import MAP, heat, open_map, wait_for
from tests.browser.service import Api

RESULTS = [({"a": 1, "b": 1}, 0.9), ({"a": 2, "b": 2}, 0.2), ({"a": 3, "b": 1}, 0.6)]


@pytest.fixture
def study(api: Api) -> str:
    """A study with a snapshot for each of three results."""
    return api.create({"a": [1, 2, 3], "b": [1, 2]}, results=RESULTS)


def _seqs(api: Api, study: str) -> list[int]:
    return [snapshot["seq"] for snapshot in api.snapshots(study)]


def _stored(api: Api, study: str, seq: int) -> list[list[float]]:
    answer = api.get(f"/studies/{study}/posterior", layer="p_best", x="a", y="b", at=seq)
    z: list[list[float]] = answer["z"]
    return z


def test_the_slider_shows_every_stored_snapshot(page: Page, api: Api, study: str) -> None:
    """From the newest back to the first, each rest shows the stored numbers."""
    open_map(page, study, "?x=a&y=b")
    slider = page.locator(".slider input[type=range]")
    seqs = _seqs(api, study)
    expect(slider).to_have_value(str(len(seqs) - 1))

    for seq in reversed(seqs[:-1]):
        slider.press("ArrowLeft")
        wait_for(page, "p_best", seq)
        assert heat(page) == _stored(api, study, seq)
        assert f"at={seq}" in page.url


def test_a_link_to_a_moment_opens_it(page: Page, api: Api, study: str) -> None:
    """The moment is in the address."""
    seq = _seqs(api, study)[-2]

    open_map(page, study, f"?x=a&y=b&at={seq}")

    wait_for(page, "p_best", seq)
    expect(page.locator(".slider input[type=range]")).to_have_value(str(len(_seqs(api, study)) - 2))


def test_frames_are_shown_while_the_slider_moves(page: Page, api: Api, study: str) -> None:
    """Dragging paints frames over the map; letting go brings the exact one back."""
    with page.expect_response("**/frames?**"):
        open_map(page, study, "?x=a&y=b")
    slider = page.locator(".slider input[type=range]")
    film = page.locator(f"{MAP} .film")

    slider.evaluate("range => { range.value = 1; range.dispatchEvent(new Event('input')); }")
    slider.evaluate("range => { range.value = 0; range.dispatchEvent(new Event('input')); }")

    expect(film).to_be_visible()
    area = page.locator(f"{MAP} .plot .nsewdrag").first.bounding_box()
    assert film.bounding_box() == pytest.approx(area, abs=1)
    slider.dispatch_event("change")
    wait_for(page, "p_best", _seqs(api, study)[0])
    expect(film).to_be_hidden()


def test_moving_through_cached_frames_asks_for_nothing(page: Page, study: str) -> None:
    """A block of frames is fetched once."""
    with page.expect_response("**/frames?**"):
        open_map(page, study, "?x=a&y=b")
    slider = page.locator(".slider input[type=range]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for place in (0, 1, 2, 1, 0):
        slider.evaluate(
            "(range, at) => { range.value = at; range.dispatchEvent(new Event('input')); }", place
        )

    assert not [url for url in asked if "/frames" in url]


def test_play_runs_to_the_newest_and_stops(page: Page, api: Api, study: str) -> None:
    """The film starts at the first snapshot and ends, at rest, on the newest."""
    open_map(page, study, "?x=a&y=b")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause", exact=True).first).to_be_visible()

    expect(page.get_by_role("button", name="Play")).to_be_visible()

    wait_for(page, "p_best", _seqs(api, study)[-1])
    assert "at=" not in page.url


def test_the_keyboard_plays_and_jumps(page: Page, api: Api, study: str) -> None:
    """Home and End jump to the ends; the space bar plays."""
    open_map(page, study, "?x=a&y=b")
    slider = page.locator(".slider input[type=range]")
    seqs = _seqs(api, study)

    slider.press("Home")
    wait_for(page, "p_best", seqs[0])
    slider.press(" ")
    expect(page.locator(".slider.is-playing")).to_be_visible()
    slider.press(" ")
    slider.press("End")

    wait_for(page, "p_best", seqs[-1])
