"""Every page: reachable by its links, readable without scripts and by everybody."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chart import MAP
from tests.browser.service import Api

PAGES = {
    "studies": "/",
    "overview": "/studies/{study}",
    "posterior": "/studies/{study}/posterior",
    "ratio": "/studies/{study}/posterior?layer=ratio&outline=all",
    "trials": "/studies/{study}/trials",
    "some trials": "/studies/{study}/trials?low=0.1&state=completed",
    "no trials": "/studies/{study}/trials?low=7",
    "trial": "/studies/{study}/trials/{trial}",
    "new study": "/studies/new",
    "new study as JSON": "/studies/new?as=json",
    "convergence": "/studies/{study}/convergence",
    "importance": "/studies/{study}/importance",
    "information": "/studies/{study}/information",
    "calibration": "/studies/{study}/calibration",
    "strategies": "/studies/{study}/strategies",
    "prior": "/studies/{study}/prior",
    "difference": "/studies/{study}/difference",
    "difference of means": "/studies/{study}/difference?layer=mean",
    "what if": "/studies/{study}/what-if?ask=without&trial=1",
    "workers": "/studies/{study}/workers",
    "api": "/studies/{study}/api",
    "settings": "/studies/{study}/settings",
    "import": "/studies/{study}/import",
    "compare": "/compare?study={study}&study={other}",
    "tokens": "/tokens",
    "help": "/help",
}
DRAWN = re.compile(".+")


@pytest.fixture(scope="module")
def path_of(api_for_module: Api) -> dict[str, str]:
    """The address of every page, for a study with results, a failure and an open trial."""
    api = api_for_module
    study = api.create(
        {
            "learning_rate": [0.001, 0.01, 0.1],
            "latent_dim": [8, 16, 32],
            "activation": ["relu", "tanh"],
        },
        results=[
            ({"learning_rate": 0.01, "latent_dim": 16, "activation": "relu"}, 0.15),
            ({"learning_rate": 0.1, "latent_dim": 16, "activation": "relu"}, 0.2),
        ],
    )
    api.fail(study, api.suggest(study, "gpu-1")["number"], "infeasible")
    trial = api.suggest(study, "gpu-2")["number"]
    other = api.create({"a": [1, 2]}, name="another study", results=[({"a": 1}, 0.3)])
    return {
        name: path.format(study=study, trial=trial, other=other) for name, path in PAGES.items()
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_have_no_accessibility_violations(
    context: BrowserContext, path_of: dict[str, str], name: str, scheme: str
) -> None:
    """axe-core finds nothing to mend, in light and in dark, after the charts are drawn."""
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(path_of[name])
    for figure in page.locator("figure[data-chart]").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-drawn", DRAWN)

    results = Axe().run(page)

    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_a_phone(context: BrowserContext, path_of: dict[str, str], name: str) -> None:
    """Nothing makes a page wider than a phone; wide tables scroll within themselves."""
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})

    page.goto(path_of[name])
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_readable_without_scripts(
    browser: Browser, server_url: str, path_of: dict[str, str], name: str
) -> None:
    """With JavaScript off, text, tables, pictures and forms are there."""
    context = browser.new_context(base_url=server_url, java_script_enabled=False)
    page = context.new_page()

    page.goto(path_of[name])

    expect(page.locator("h1")).to_be_visible()
    assert "loading" not in page.locator("main").inner_text().lower()
    for figure in page.locator("figure[data-chart]").all():
        expect(figure.locator("img, svg, table").first).to_be_attached()
    context.close()


def test_from_the_list_of_studies_to_the_why_of_a_trial(page: Page, api: Api) -> None:
    """The way of the researcher: studies, overview, posterior, trials, one trial."""
    study = api.create(
        {"a": [1, 2], "b": [1, 2]}, name="the way", results=[({"a": 1, "b": 1}, 0.5)]
    )
    trial = api.suggest(study)

    page.goto("/")
    page.get_by_role("link", name="the way").first.click()
    expect(page).to_have_url(re.compile(f"/studies/{study}$"))
    page.get_by_role("link", name="Posterior").first.click()
    expect(page.locator(MAP)).to_have_attribute("data-drawn", DRAWN)
    page.get_by_role("link", name="Trials").first.click()
    page.get_by_role("link", name=re.compile(rf"\b{trial['number']}\b")).first.click()

    expect(page.locator("main")).to_contain_text(trial["explanation"]["sentence"])
