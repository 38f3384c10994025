"""The film that was taken away opens from the disk and plays, with nothing else around."""

from pathlib import Path

import httpx2
from playwright.sync_api import Browser, expect

from tests.browser.service import Api


def test_the_film_plays_offline(
    browser: Browser, api: Api, server_url: str, tmp_path: Path
) -> None:
    """Its canvas has the colours of the last frame; the slider shows the others."""
    results = [({"a": a, "b": 1}, 0.1 * a) for a in (1, 2, 3)]
    study = api.create({"a": [1, 2, 3], "b": [1, 2]}, name="film", results=results)
    file = tmp_path / "film.html"
    file.write_text(httpx2.get(f"{server_url}/studies/{study}/film.html").text)
    context = browser.new_context(offline=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(file.as_uri())

    expect(page.locator("#says")).to_contain_text("After 3 results: best so far a 1, b 1")
    pixels = (
        "() => [...document.getElementById('map').getContext('2d').getImageData(0, 0, 3, 2).data]"
    )
    last = page.evaluate(pixels)
    page.locator("#at").fill("0")
    assert page.evaluate(pixels) != last
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#says")).to_contain_text("After 3 results")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert page.evaluate(pixels) == last
    assert not [error for error in errors if "willReadFrequently" not in error]  # our own reading
    context.close()
