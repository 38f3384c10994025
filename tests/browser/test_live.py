"""An open page follows the study, and says whether it does."""

import time

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.chart import open_map, wait_for
from tests.browser.conftest import Watch
from tests.browser.service import Api

GRID = {"a": [1, 2, 3], "b": [1, 2, 3]}
FIRST = [({"a": 1, "b": 1}, 0.4)]
GENEROUS_S = 5


def test_a_posted_result_shows_at_once(page: Page, api: Api) -> None:
    """A result posted by a worker moves the map and the numbers of an open page."""
    study = api.create(GRID, results=FIRST)
    open_map(page, study)
    expect(page.locator("#live")).to_contain_text("live")

    started = time.monotonic()
    api.import_result(study, {"a": 2, "b": 2}, 0.125)

    wait_for(page, "p_best", api.snapshots(study)[-1]["seq"])
    assert time.monotonic() - started < GENEROUS_S
    expect(page.locator("#live")).to_contain_text("updated")


def test_the_overview_follows_too(page: Page, api: Api) -> None:
    """Text, tables and charts of the Overview are brought up to date."""
    study = api.create(GRID, results=FIRST)
    page.goto(f"/studies/{study}")
    page.locator("[data-chart=history]").scroll_into_view_if_needed()
    expect(page.locator("[data-chart=history]")).to_have_attribute("data-drawn", "1")

    api.import_result(study, {"a": 2, "b": 2}, 0.0625)

    expect(page.locator("[data-chart=history]")).to_have_attribute("data-drawn", "2")
    expect(page.locator("[data-part]").filter(has_text="0.0625").first).to_be_visible()


def test_an_older_moment_stays(page: Page, api: Api) -> None:
    """Who looks at the past is not pulled into the present; the slider grows."""
    study = api.create(GRID, results=[*FIRST, ({"a": 3, "b": 3}, 0.3)])
    seq = api.snapshots(study)[0]["seq"]
    open_map(page, study, f"?at={seq}")
    slider = page.locator(".slider input[type=range]")
    expect(slider).to_have_value("0")
    before = slider.get_attribute("max")
    expect(page.locator("#live")).to_contain_text("live")

    api.import_result(study, {"a": 2, "b": 2}, 0.125)

    expect(slider).not_to_have_attribute("max", before or "")
    expect(slider).to_have_value("0")
    wait_for(page, "p_best", seq)


def test_pause_holds_the_page_still(page: Page, api: Api) -> None:
    """Paused, nothing moves; going on brings what was missed."""
    study = api.create(GRID, results=FIRST)
    open_map(page, study)
    seq = api.snapshots(study)[-1]["seq"]
    live = page.locator("#live")
    expect(live).to_contain_text("live")

    live.get_by_role("button", name="Pause").click()
    expect(live).to_contain_text("paused")
    api.import_result(study, {"a": 2, "b": 2}, 0.125)
    page.wait_for_timeout(1500)
    wait_for(page, "p_best", seq)
    live.get_by_role("button", name="Go on").click()

    wait_for(page, "p_best", api.snapshots(study)[-1]["seq"])


def test_tabs_share_one_stream(context: BrowserContext, api: Api) -> None:
    """The seventh tab of a browser works: only one of them holds a connection."""
    study = api.create(GRID, results=FIRST)
    streams: list[str] = []
    context.on("request", lambda r: streams.append(r.url) if "/events" in r.url else None)
    pages = [context.new_page() for _ in range(7)]
    for page in pages:
        page.goto(f"/studies/{study}")
        expect(page.locator("#live")).to_contain_text("live")

    api.import_result(study, {"a": 2, "b": 2}, 0.0625)

    for page in pages:
        part = page.locator("[data-part]").filter(has_text="0.0625").first
        expect(part).to_be_visible()
    assert len(streams) == 1


def test_without_a_stream_the_page_polls(page: Page, api: Api, watch: Watch) -> None:
    """Where a proxy swallows streams, the page looks every few seconds and says so."""
    watch.allowed.append("503")
    study = api.create(GRID, results=FIRST)

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="")

    page.route("**/events**", refuse)
    open_map(page, study)
    expect(page.locator("#live")).to_contain_text("looking every few seconds")
    api.import_result(study, {"a": 2, "b": 2}, 0.125)

    wait_for(page, "p_best", api.snapshots(study)[-1]["seq"])


def test_the_list_of_studies_follows(page: Page, api: Api) -> None:
    """A study that somebody else makes, and its first result, are in the open list."""
    page.goto("/")
    expect(page.locator("#live")).to_contain_text("live")

    api.create(GRID, name="born while you watch", results=[({"a": 1, "b": 1}, 0.1875)])

    row = page.get_by_role("row").filter(has_text="born while you watch").first
    expect(row).to_contain_text("0.1875")


def test_lists_share_one_stream(context: BrowserContext, api: Api) -> None:
    """However many tabs show the list."""
    streams: list[str] = []
    context.on("request", lambda r: streams.append(r.url) if "/events" in r.url else None)
    pages = [context.new_page() for _ in range(7)]
    for page in pages:
        page.goto("/")
        expect(page.locator("#live")).to_contain_text("live")

    api.create(GRID, name="seen seven times")

    for page in pages:
        expect(page.get_by_role("link", name="seen seven times").first).to_be_visible()
    assert len(streams) == 1


def test_pages_of_all_kinds_share_one_stream(context: BrowserContext, api: Api) -> None:
    """A list, two studies and a comparison: one connection, and each hears of what it shows."""
    one, other = (api.create(GRID, name=name, results=FIRST) for name in ("one", "other"))
    others_before = open_streams(api)
    places = {
        f"/studies/{one}": "[data-part=latest]",
        f"/studies/{other}/trials": "[data-part=trial_table]",
        "/": "[data-part=study_table]",
        f"/compare?study={one}&study={other}": "[data-part=differences]",
    }
    opened: dict[str, list[str]] = {}
    for path in places:
        page = context.new_page()
        page.goto(path)
        expect(page.locator("#live")).to_contain_text("live")
        opened[path] = changes_of(page)
    pages = dict(zip(places, context.pages, strict=True))

    api.import_result(one, {"a": 2, "b": 2}, 0.0625)
    for path in (f"/studies/{one}", "/", f"/compare?study={one}&study={other}"):
        expect(pages[path].locator(places[path]).filter(has_text="0.0625").first).to_be_visible()
    api.import_result(other, {"a": 3, "b": 3}, 0.03125)
    for path in (f"/studies/{other}/trials", "/"):
        expect(pages[path].locator(places[path]).filter(has_text="0.03125").first).to_be_visible()

    assert open_streams(api) == others_before + 1
    assert all(opened.values())


def test_who_leads_may_leave(context: BrowserContext, api: Api) -> None:
    """The tab that held the stream is closed: another one goes on, and has missed nothing."""
    study = api.create(GRID, results=FIRST)
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(f"/studies/{study}")
        expect(page.locator("#live")).to_contain_text("live")

    first.close()
    api.import_result(study, {"a": 2, "b": 2}, 0.0625)

    expect(second.locator("[data-part=latest]").filter(has_text="0.0625")).to_be_visible()


def changes_of(page: Page) -> list[str]:
    """Return the list in which a page's requests for changes will be."""
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/changes" in r.url else None)
    return asked


def open_streams(api: Api) -> int:
    """Return how many streams the server holds open."""
    text = api.text("/metrics")
    line = next(line for line in text.splitlines() if line.startswith("beliefgrid_event_streams "))
    return int(float(line.split()[1]))


@pytest.mark.parametrize(
    ("path", "place", "before", "after"),
    [
        ("prior", ".sentence", "The prior is even: no cell was favoured. 1 result", "2 results"),
        ("what-if?ask=without&trial=1", ".panels", "P(best) after 1 result.", "after 2 results."),
        ("difference", ".sentence", "to after 1 result,", "to after 2 results,"),
        ("compare", ".scroll", "results", "0.0625"),
    ],
)
def test_pages_about_belief_follow_and_hold_still(
    page: Page, api: Api, path: str, place: str, before: str, after: str
) -> None:
    """What is read is brought up to date where it stands; the page does not scroll."""
    study = api.create(GRID, results=FIRST)
    other = api.create(GRID, name="another", results=FIRST)
    address = f"/compare?study={study}&study={other}" if path == "compare" else ""
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(address or f"/studies/{study}/{path}")
    expect(page.locator("#live")).to_contain_text("live")
    expect(page.locator(place).first).to_contain_text(before)
    page.evaluate("scrollTo(0, 120)")
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0

    api.import_result(study, {"a": 2, "b": 2}, 0.0625)

    expect(page.locator(place).filter(has_text=after).first).to_be_visible()
    assert page.evaluate("scrollY") == scrolled


def test_a_costly_page_waits_between_answers(page: Page, api: Api) -> None:
    """What if: one result shows at once; of many in a row it leaves some out."""
    study = api.create({"a": list(range(8)), "b": [1, 2]}, results=[({"a": 1, "b": 1}, 0.4)])
    asked: list[str] = []
    page.goto(f"/studies/{study}/what-if?ask=without&trial=1")
    expect(page.locator("#live")).to_contain_text("live")
    page.on("request", lambda r: asked.append(r.url) if "/changes" in r.url else None)
    started = time.monotonic()

    for i in range(2, 8):
        api.import_result(study, {"a": i, "b": 1}, 0.3)

    expect(page.locator(".panels").first).to_contain_text("after 7 results", timeout=15_000)
    assert len(asked) <= 2 + (time.monotonic() - started) / 5


def test_a_preview_of_a_prior_is_not_swept_away(page: Page, api: Api) -> None:
    """What was typed and is not saved stays, whatever comes in meanwhile."""
    study = api.create(GRID, results=FIRST)
    page.goto(f"/studies/{study}/prior")
    form = page.locator("form").filter(has=page.locator("input[name=kind][value=axes]"))
    form.locator("input[name='w.0.0']").fill("4")
    form.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("A preview, not saved").first).to_be_visible()

    api.import_result(study, {"a": 2, "b": 2}, 0.0625)
    page.wait_for_timeout(1500)

    expect(page.get_by_text("A preview, not saved").first).to_be_visible()
    expect(page.locator("#live")).to_have_count(0)
