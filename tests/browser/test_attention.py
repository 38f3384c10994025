"""Who looks elsewhere is told: by the title, and by a notification that was asked for."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.service import Api

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
NOTE = """
window.told = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return "granted"; }
  constructor(title, { body }) { window.told.push(body); }
};
"""
LOOK = 'document.dispatchEvent(new Event("resume"))'


def test_the_title_counts_what_came_while_the_page_was_hidden(page: Page, api: Api) -> None:
    """And forgets it when somebody looks."""
    study = api.create({"a": [1, 2, 3]}, results=[({"a": 1}, 0.5)])
    page.goto(f"/studies/{study}")
    expect(page.locator("#live")).to_contain_text("live")
    title = page.title()

    with page.expect_response(f"**/api/v1/studies/{study}"):
        page.evaluate(HIDE, arg=True)
    api.import_result(study, {"a": 2}, 0.25)
    page.evaluate(LOOK)

    expect(page).to_have_title(f"(1) {title}")
    page.evaluate(HIDE, arg=False)
    expect(page).to_have_title(title)


def test_a_notification_tells_of_the_end_if_it_was_asked_for(
    context: BrowserContext, api: Api
) -> None:
    """Not before a person clicked, and once."""
    context.add_init_script(NOTE)
    page = context.new_page()
    study = api.create({"a": [1, 2]}, results=[({"a": 1}, 0.5)])
    page.goto(f"/studies/{study}")
    button = page.get_by_role("button", name="Tell me when it ends")
    button.click()
    expect(page.get_by_role("button", name="Will tell")).to_have_attribute("aria-pressed", "true")
    page.evaluate(HIDE, arg=True)

    api.import_result(study, {"a": 2}, 0.25)
    for _ in range(2):
        with page.expect_response(f"**/api/v1/studies/{study}"):
            page.evaluate(LOOK)

    page.wait_for_function("() => window.told.length === 1")
    assert page.evaluate("window.told") == ["The study is exhausted."]
