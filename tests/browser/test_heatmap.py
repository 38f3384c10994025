"""The heatmap shows the right number in the right cell, in flat colours."""

import io
import itertools

import plotly.graph_objects as go
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.chart import MAP, drawn, heat, labels, open_map
from tests.browser.service import Api

LOPSIDED = {"table": [[1, 2], [4, 8]]}


def test_a_two_by_two_heatmap_is_four_flat_colours(page: Page, api: Api) -> None:
    """No pixel is smoothed: without the hash in the policy, Plotly draws a gradient."""
    study = api.create({"a": [1, 2], "b": [10, 20]}, prior=LOPSIDED)
    open_map(page, study, "?layer=prior")

    box = page.locator(f"{MAP} .heatmaplayer image").bounding_box()
    assert box is not None
    shot = page.screenshot(clip=box)
    colours = [_colours(shot, quadrant) for quadrant in itertools.product((0, 1), (0, 1))]

    assert [len(found) for found in colours] == [1, 1, 1, 1]
    assert len(set.union(*colours)) == 4


def _colours(shot: bytes, quadrant: tuple[int, int]) -> set[tuple[int, ...]]:
    """Return the colours of a quadrant, below its text and its marks."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    width, height = image.width / 2, image.height / 2
    column, row = quadrant
    part = image.crop(
        (
            round(width * (column + 0.02)),
            round(height * (row + 0.65)),
            round(width * (column + 0.97)),
            round(height * (row + 0.97)),
        )
    )
    found = part.getcolors(part.width * part.height) or []
    return {pixel for _, pixel in found if isinstance(pixel, tuple)}


def test_numbers_stand_in_numeric_order(page: Page, api: Api) -> None:
    """An ordered axis ascends as numbers do, however the values were given."""
    study = api.create({"rate": [0.1, 0.001, 0.01], "latent": [64, 8, 128, 32, 16]})

    open_map(page, study, "?layer=prior&x=rate&y=latent")

    assert labels(page, "x") == ["0.001", "0.01", "0.1"]
    assert labels(page, "y") == ["8", "16", "32", "64", "128"]


def test_categories_stand_in_the_order_given(page: Page, api: Api) -> None:
    """A categorical axis is not sorted."""
    study = api.create({"rate": [1, 2], "activation": ["tanh", "relu", "elu"]})

    open_map(page, study, "?layer=prior&x=rate&y=activation")

    assert labels(page, "y") == ["tanh", "relu", "elu"]


def test_each_cell_shows_its_own_number(page: Page, api: Api) -> None:
    """z[j][i] belongs to the j-th value of y, from the bottom, and the i-th of x."""
    weights = [[1, 2, 3], [4, 5, 6]]
    study = api.create({"a": [2, 1], "b": [30, 10, 20]}, prior={"table": weights})
    total = sum(map(sum, weights))

    open_map(page, study, "?layer=prior&x=b&y=a")

    # a = 1 is the second row given and the lowest drawn; b = 10 is the second column given.
    # A prior is mixed with 5 % of a uniform one, so that no cell is ruled out.
    expected = [[0.95 * w / total + 0.05 / 6 for w in row] for row in ([5, 6, 4], [2, 3, 1])]
    assert heat(page) == [pytest.approx(row) for row in expected]
    texts = page.locator(f"{MAP} .heatmap-label text")
    lowest_left = texts.filter(has_text="23 %").bounding_box()
    highest_right = texts.filter(has_text="5.4 %").bounding_box()
    assert lowest_left is not None
    assert highest_right is not None
    assert lowest_left["y"] > highest_right["y"]
    assert lowest_left["x"] < highest_right["x"]


def test_the_map_shows_what_the_api_answers(page: Page, api: Api) -> None:
    """Every layer is the posterior resource, number for number."""
    study = api.create(
        {"a": [1, 2, 3], "b": [1, 2, 3]},
        results=[({"a": 1, "b": 1}, 0.4), ({"a": 2, "b": 2}, 0.1), ({"a": 3, "b": 3}, 0.3)],
    )

    for layer in ("p_best", "mean", "sd", "acquisition", "prior"):
        open_map(page, study, f"?layer={layer}&x=a&y=b")
        stored = api.get(f"/studies/{study}/posterior", layer=layer, x="a", y="b")
        assert heat(page) == stored["z"], layer


def test_figures_are_valid_for_plotly(page: Page, api: Api) -> None:
    """Python's plotly accepts every attribute that is drawn."""
    study = api.create({"a": [1, 2, 3], "b": [1, 2]}, results=[({"a": 1, "b": 1}, 0.4)])

    open_map(page, study)
    figure = drawn(page)

    go.Figure(data=figure["data"], layout=figure["layout"])


def test_marks_tell_what_is_known_of_cells(page: Page, api: Api) -> None:
    """Tested, pending, infeasible, best and next cells have shapes of their own, and a legend."""
    study = api.create(
        {"a": [1, 2, 3, 4], "b": [1, 2, 3]},
        results=[({"a": 1, "b": 1}, 0.4), ({"a": 2, "b": 2}, 0.1)],
    )
    infeasible = api.suggest(study, "first")
    api.fail(study, infeasible["number"], "infeasible")
    pending = api.suggest(study, "second")
    api.import_result(study, {"a": 4, "b": 3}, 0.9)

    open_map(page, study, "?x=a&y=b")
    traces = {trace["name"]: trace for trace in drawn(page)["data"][1:]}

    symbols = [trace["marker"]["symbol"] for trace in traces.values()]
    assert len(set(symbols)) == len(symbols)
    assert _cells(traces["tested"]) == {(0, 0), (1, 1), (3, 2)}
    assert _cells(traces["infeasible"]) == {_indices(infeasible)}
    assert _cells(traces["pending"]) == {_indices(pending)}
    assert _cells(traces["best so far"]) <= _cells(traces["tested"])
    assert len(_cells(traces["next"])) == 1
    legend = page.locator(f"{MAP} [data-kind]:visible").all_inner_texts()
    assert {"tested", "pending", "infeasible", "best so far", "next"} <= set(legend)


def _cells(trace: dict[str, list[float]]) -> set[tuple[int, int]]:
    return {(round(x), round(y)) for x, y in zip(trace["x"], trace["y"], strict=True)}


def _indices(trial: dict[str, dict[str, int]]) -> tuple[int, int]:
    return trial["assignments"]["a"] - 1, trial["assignments"]["b"] - 1


def test_a_look_at_a_cell_lists_all_layers(page: Page, api: Api) -> None:
    """The pointer over a cell tells its values, its numbers in every layer and its results."""
    study = api.create({"a": [1, 2, 3], "b": [1, 2, 3]}, results=[({"a": 2, "b": 2}, 0.125)])
    open_map(page, study)

    page.locator(f"{MAP} .plot").hover()

    readout = page.locator(f"{MAP} .readout")
    expect(readout).to_contain_text("0.125")
    for layer in ("P(best)", "predicted mean", "sd of the prediction", "prior P(best)"):
        expect(readout.get_by_role("row").filter(has_text=layer).last).not_to_contain_text("…")


def test_names_are_shown_as_they_are(page: Page, api: Api) -> None:
    """Plotly reads what it draws as a kind of HTML; names and values must not become markup."""
    bold, link = "<b>bold</b> & $1", '<a href="//x.y">z</a>'
    study = api.create({"rate": [1, 2], "kind": [bold, link, "$x$"]})

    open_map(page, study, "?layer=prior&x=rate&y=kind")

    assert labels(page, "y") == [bold, link, "$x$"]
    expect(page.locator(f"{MAP} .plot a")).to_have_count(0)


def test_controls_change_the_map_and_the_address(page: Page, api: Api) -> None:
    """A choice shows at once, without a new page, and a link to it shows the same."""
    study = api.create({"a": [1, 2, 3], "b": [1, 2]}, results=[({"a": 1, "b": 1}, 0.4)])
    open_map(page, study)
    seq = api.snapshots(study)[-1]["seq"]

    page.locator("form[data-for=posterior-map] select[name=layer]").select_option("sd")

    expect(page.locator(MAP)).to_have_attribute("data-drawn", f"sd:{seq}")
    assert "layer=sd" in page.url
    page.reload()
    expect(page.locator(MAP)).to_have_attribute("data-drawn", f"sd:{seq}")


def test_three_axes_have_a_matrix_of_pairs(page: Page, api: Api) -> None:
    """Beyond two axes every pair has a small map, and a click opens it."""
    study = api.create(
        {"a": [1, 2], "b": [1, 2, 3], "c": ["x", "y"]}, results=[({"a": 1, "b": 1, "c": "x"}, 0.4)]
    )
    open_map(page, study)

    page.locator("[data-chart=marginals]").scroll_into_view_if_needed()
    small = page.locator("[data-chart=marginals] canvas")
    expect(small).to_have_count(3)
    small.last.click()

    expect(page.locator(f"{MAP} .ytitle")).to_have_text("c")
    expect(page.locator(f"{MAP} .xtitle")).to_have_text("b")


def test_a_crowd_of_tested_cells_is_counted_and_not_marked(page: Page, api: Api) -> None:
    """More than a thousand marks are a curtain, and each would be a node of the page."""
    study = api.create({"a": list(range(40)), "b": list(range(30))})
    rows = [{"assignments": {"a": a, "b": b}, "value": a + b} for a in range(40) for b in range(30)]
    api.post(f"/studies/{study}/observations:batch", {"rows": rows})
    api.wait_for_results(study, len(rows))

    open_map(page, study, "?x=a&y=b")

    expect(page.locator(f"{MAP} .key-marks")).to_contain_text("1,200 tested, too many to mark")
    assert page.evaluate("document.getElementsByTagName('*').length") < 3000
