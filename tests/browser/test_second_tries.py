"""A service that has just started, or answers slowly: charts come by themselves all the same."""

import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch
from tests.browser.service import Api

GRID = {"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2]}
RESULTS = [({"a": a, "b": 2, "c": 1}, 0.5 / a) for a in (1, 2, 3)]
ANYTHING = re.compile(".+")


@pytest.mark.parametrize(
    ("path", "feed", "chart"),
    [
        ("", "definition", "#overview-map"),
        ("", "posterior", "#overview-map"),
        ("", "plotly", "#overview-map"),
        ("", "history", "#history"),
        ("/convergence", "convergence/entropy", "#curve-entropy"),
        ("/posterior", "posterior", "[data-chart=marginals]"),
    ],
)
def test_a_chart_that_fails_at_first_comes_later(
    page: Page, api: Api, watch: Watch, path: str, feed: str, chart: str
) -> None:
    """Without a reload and without news; what went wrong is said meanwhile, once."""
    watch.allowed.append("503")
    study = api.create(GRID, results=RESULTS)
    is_ready = False

    def refuse(route: Route) -> None:
        if is_ready:
            route.continue_()
        else:
            route.fulfill(status=503, body="{}")

    page.route(re.compile(f"/charts/{feed}|/{feed}.min.js"), refuse)
    page.goto(f"/studies/{study}{path}")
    figure = page.locator(chart)
    figure.scroll_into_view_if_needed()
    expect(figure.get_by_role("alert")).to_have_count(1)
    is_ready = True

    expect(figure).to_have_attribute("data-drawn", ANYTHING, timeout=15_000)
    expect(figure.get_by_role("alert")).to_have_count(0)


def test_a_chart_that_is_refused_is_not_asked_for_again(page: Page, api: Api, watch: Watch) -> None:
    """What is wrong with the question does not mend by itself."""
    watch.allowed.append("404")
    study = api.create(GRID, results=RESULTS)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404, json={"detail": "no such study"})

    page.route("**/charts/definition", refuse)
    page.goto(f"/studies/{study}")
    expect(page.locator("#overview-map").get_by_role("alert")).to_contain_text("no such study")
    page.wait_for_timeout(2500)

    assert len(asked) == 1


def test_quick_scrolling_over_slow_answers_loses_no_chart(page: Page, api: Api) -> None:
    """Each chart that was passed is drawn once its numbers are there."""
    study = api.create(GRID, results=RESULTS)

    def delay(route: Route) -> None:
        time.sleep(0.4)
        route.continue_()

    page.set_viewport_size({"width": 800, "height": 300})
    page.route("**/charts/**", delay)
    page.goto(f"/studies/{study}")
    for _ in range(3):
        for y in (300, 900, 2000, 0):
            page.evaluate("y => scrollTo(0, y)", y)
            page.wait_for_timeout(30)

    for chart in ("#overview-map", "#history"):
        page.locator(chart).scroll_into_view_if_needed()
        expect(page.locator(chart)).to_have_attribute("data-drawn", ANYTHING, timeout=15_000)
