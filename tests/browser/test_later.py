"""What takes longer than a page may comes by itself, when it is looked at."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.service import Api

GRID = {"a": [1, 2, 3], "b": [1, 2, 3]}
RESULTS = [({"a": a, "b": 2}, 0.5 / a) for a in (1, 2, 3)]


def test_importance_comes_into_the_overview(page: Page, api: Api) -> None:
    """Its sentence, its bars and its numbers; no other request waits for it."""
    study = api.create(GRID, results=RESULTS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"/studies/{study}")
    place = page.locator("[data-name=importance]")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")

    expect(place).to_contain_text("a matters most: by itself it makes")
    expect(place.get_by_role("link", name="As JSON")).to_be_visible()
    assert sum("/importance" in url for url in asked) == 1


def test_what_was_learnt_comes_into_convergence(page: Page, api: Api) -> None:
    """And leads on to what moved."""
    study = api.create(GRID, results=RESULTS)
    page.goto(f"/studies/{study}/convergence")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")

    expect(page.locator("[data-name=held]")).to_contain_text("No prediction to judge yet")
    page.locator("[data-name=taught]").get_by_role("link", name="what moved").first.click()

    expect(page.get_by_role("heading", name="Where it moved most")).to_be_visible()


def test_the_curve_of_a_probability_has_an_axis_in_per_cent(page: Page, api: Api) -> None:
    """And is described so; the other curves keep their own units."""
    study = api.create(GRID, results=RESULTS)
    page.goto(f"/studies/{study}/convergence")
    sure, spread = page.locator("#curve-p_best"), page.locator("#curve-entropy")
    for chart in (sure, spread):
        expect(chart).to_have_attribute("data-drawn", re.compile("."))

    ticks = sure.locator(".ytick text").all_text_contents()
    assert len(ticks) > 2, ticks
    assert all(re.fullmatch(r"[\d.]+\s%", tick) for tick in ticks), ticks
    plot = sure.locator("[role=img]").last
    expect(plot).to_have_attribute("aria-label", re.compile(r"ends at [\d.]+\s%"))
    others = spread.locator(".ytick text").all_text_contents()
    assert not any("%" in tick for tick in others), others


def test_a_place_that_cannot_be_filled_says_so(page: Page, api: Api, watch: Watch) -> None:
    """Beside the link to its page; the rest of the page goes on."""
    watch.allowed.append("500")
    study = api.create(GRID, results=RESULTS)

    def refuse(route: Route) -> None:
        route.fulfill(status=500, body="")

    page.route("**/importance?part=importance", refuse)
    page.goto(f"/studies/{study}")
    place = page.locator("[data-name=importance]")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")

    expect(place.get_by_role("alert")).to_contain_text("the service answered 500")
    expect(place.get_by_role("link", name="Show it")).to_be_visible()
