"""Belief in time: the difference between two moments, and films to take away."""

import base64
import io
import json
import re

import pytest
from PIL import Image
from starlette.testclient import TestClient

from beliefgrid import search
from beliefgrid.dashboard.numbers import number
from tests.api.support import Api
from tests.dashboard.conftest import Filled, wait_for_posterior


@pytest.fixture(scope="module")
def moved(api: Api) -> str:
    """A study whose belief moved twice."""
    study = api.study(name="moved")
    for rate, value in ((0.01, 0.15), (0.1, 0.4)):
        cell = {"learning_rate": rate, "latent_dim": 16}
        body = {"assignments": cell, "observation": {"value": value}}
        api.post(f"/studies/{study}/trials", body)
        wait_for_posterior(api, study)
    return study


def _embedded(html: str) -> dict[str, object]:
    found = re.search(r'type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    content: dict[str, object] = json.loads(found[1])
    return content


def test_the_difference_is_that_of_the_rest_api(
    app_client: TestClient, api: Api, moved: str
) -> None:
    """The cells that moved most, and three pictures."""
    seqs = [one["seq"] for one in api.get(f"/studies/{moved}/snapshots")["items"]]
    said = api.get(f"/studies/{moved}/snapshots/diff", a=seqs[0], b=seqs[-1])

    query = {"a": str(seqs[0]), "b": str(seqs[-1])}
    text = app_client.get(f"/studies/{moved}/difference", params=query).text

    assert text.count("data:image/png") == 3
    assert f"learning_rate {said['cells'][0]['assignments']['learning_rate']}" in text
    assert text.count("<tr>") == 1 + min(10, len(said["cells"]))


def test_a_moment_and_itself_do_not_differ(
    app_client: TestClient, api: Api, filled: Filled
) -> None:
    """Nothing moved."""
    seq = str(api.get(f"/studies/{filled.id}/snapshots")["items"][-1]["seq"])

    text = app_client.get(f"/studies/{filled.id}/difference", params={"a": seq, "b": seq}).text

    assert "0\N{NO-BREAK SPACE}% of the belief moved" in text


def test_what_is_no_moment_is_the_first_and_the_newest(
    app_client: TestClient, filled: Filled
) -> None:
    """An address that was cut off still shows something."""
    path = f"/studies/{filled.id}/difference"

    plain = app_client.get(path).text

    assert app_client.get(path, params={"a": "x", "b": "-1"}).text == plain
    assert app_client.get(path, params={"a": "0"}).text == plain


def test_the_film_needs_nothing_else(app_client: TestClient, api: Api, filled: Filled) -> None:
    """One file: every frame is in it, no other address, and no name is markup."""
    answer = app_client.get(f"/studies/{filled.id}/film.html", params={"x": "size", "y": "rate"})
    content = _embedded(answer.text)
    snapshots = api.get(f"/studies/{filled.id}/snapshots")["items"]

    assert 'filename="a-b-filled-b-study.html"' in answer.headers["content-disposition"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert not re.findall(r"(?:src|href)=|https?:|@import", answer.text)
    assert "<b>filled" not in answer.text
    assert len(content["says"]) == len(snapshots)  # type: ignore[arg-type]  # a list
    frames = base64.b64decode(str(content["frames"]))
    assert len(frames) == len(snapshots) * 9
    assert (content["columns"], content["rows"]) == (["8", "16", "32"], ["0.001", "0.01", "0.1"])


def test_the_gif_has_a_frame_for_each_snapshot(
    app_client: TestClient, api: Api, moved: str
) -> None:
    """The first and the newest are different pictures."""
    answer = app_client.get(f"/studies/{moved}/film.gif")
    image = Image.open(io.BytesIO(answer.content))

    assert answer.headers["content-type"] == "image/gif"
    assert image.n_frames == len(api.get(f"/studies/{moved}/snapshots")["items"])  # type: ignore[attr-defined]  # a GIF has it
    first = image.convert("RGB").tobytes()
    image.seek(image.n_frames - 1)  # type: ignore[attr-defined]  # as above
    assert image.convert("RGB").tobytes() != first


@pytest.mark.parametrize("kind", ["html", "gif"])
def test_a_slice_is_a_film_too(app_client: TestClient, filled: Filled, kind: str) -> None:
    """At the levels that the address fixes."""
    query = {"x": "rate", "y": "size", "reduce": "slice", "fix.act": "tanh"}

    answer = app_client.get(f"/studies/{filled.id}/film.{kind}", params=query)

    assert answer.status_code == 200


def test_other_kinds_of_film_are_not_there(app_client: TestClient, filled: Filled) -> None:
    """HTML and GIF."""
    assert app_client.get(f"/studies/{filled.id}/film.mp4").status_code in (404, 422)


def test_one_parameter_is_a_film_of_one_row(app_client: TestClient, api: Api) -> None:
    """The last frame shades as the field is."""
    axis = {"name": "x", "kind": "ordered", "values": [1, 2, 3], "scale": "linear"}
    study = api.study(parameters=[axis])
    cell = {"assignments": {"x": 2}, "observation": {"value": 0.5}}
    api.post(f"/studies/{study}/trials", cell)
    wait_for_posterior(api, study)

    content = _embedded(app_client.get(f"/studies/{study}/film.html").text)
    text = app_client.get(f"/studies/{study}/difference").text

    assert (content["nx"], content["ny"], content["rows"]) == (3, 1, [])
    assert "Across: x" in text
    assert search.Grid.from_definition([axis]).n_cells == content["nx"]


@pytest.mark.parametrize("layer", ["mean", "sd"])
def test_other_layers_differ_too(app_client: TestClient, api: Api, moved: str, layer: str) -> None:
    """What the model expects, and how unsure it is: where it moved most, from what to what."""
    items = api.get(f"/studies/{moved}/snapshots")["items"]
    first, last = next(one["seq"] for one in items if one["n_observations"]), items[-1]["seq"]
    query = {"layer": layer, "a": first, "b": last}
    text = " ".join(app_client.get(f"/studies/{moved}/difference", params=query).text.split())

    was, now = (
        api.get(f"/studies/{moved}/posterior", layer=layer, reduce="mean", at=at)["z"]
        for at in (first, last)
    )
    pairs = [
        (a, b) for old, new in zip(was, now, strict=True) for a, b in zip(old, new, strict=True)
    ]
    a, b = max(pairs, key=lambda pair: abs(pair[1] - pair[0]))
    title = {"mean": "predicted mean", "sd": "sd of the prediction"}[layer]
    way = "rose" if b > a else "fell"
    found = re.search(rf"the {title} (\w+) most at [^:]+: from (\S+) to (\S+) mse\.", text)
    assert found is not None
    assert found.groups() == (way, number(a, 3), number(b, 3))
    assert f'<option value="{layer}" selected' in text
