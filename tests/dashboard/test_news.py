"""What an open page fetches at each news: one answer, and of everything only the change."""

import json
import zlib
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from beliefgrid.dashboard.deltas import WINDOW, Sent, delta
from tests.api.support import Api
from tests.dashboard.conftest import Filled, counted_statements, wait_for_posterior

MOST_BYTES = 5000  # of a new result in an open page, with the headers of two answers
HEADERS = 600
OVERVIEW = "study_head,lead,checks,stats,beliefs,next_up,among_tested,latest"
SQUARE = [
    {"name": name, "kind": "ordered", "values": list(range(50)), "scale": "linear"} for name in "xy"
]


class Browser:
    """What a page does with changes, in another language."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._held: dict[str, tuple[str, bytes]] = {}

    def fetch(self, *paths: str) -> tuple[int, list[int]]:
        """Bring addresses up to date; the bytes of the answer, and the status of each."""
        of = [("of", f"{self._held.get(path, ('', b''))[0]} {path}") for path in paths]
        answer = self._client.get(f"/changes?{urlencode(of)}")
        assert answer.status_code == 200, answer.text
        rest, found = answer.content, {}
        while rest:
            line, _, rest = rest.partition(b"\n")
            said = json.loads(line)
            found[said["n"]] = said["status"]
            self._take(paths[said["n"]], said, rest[: said["size"]])
            rest = rest[said["size"] :]
        return len(answer.content), [found[n] for n in range(len(paths))]

    def _take(self, path: str, said: dict[str, Any], packed: bytes) -> None:
        if said["status"] == 200:
            old = self._held[path][1] if said.get("is_change") else b""
            whole = unpacked(old, said.get("start", 0), said.get("end", 0), packed)
            self._held[path] = said["tag"], whole

    def body(self, path: str) -> bytes:
        """Return what the browser has of an address."""
        return self._held[path][1]


def unpacked(old: bytes, start: int, end: int, packed: bytes) -> bytes:
    """Return the body that a delta stands for, by a stored block as browsers do it."""
    near = old[: len(old) - end][-WINDOW:]
    n = len(near)
    stored = bytes([0, n & 255, n >> 8, ~n & 255, (~n >> 8) & 255]) + near if n else b""
    middle = zlib.decompress(stored + packed, -zlib.MAX_WBITS)[n:]
    return old[:start] + middle + old[len(old) - end :]


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200), st.binary())
def test_a_delta_makes_the_new_of_the_old(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    """Whatever they share, and wherever; also with more than deflate looks back at."""
    for stretch in (1, 2000):
        old, new = a * stretch + b + c, a * stretch + d + c

        change = delta(old, new)

        assert unpacked(old, change.start, change.end, change.packed) == new


def test_the_oldest_bodies_make_room() -> None:
    """What is kept stays within its bytes, however often the same is sent."""
    sent = Sent(10)
    for tag, body in (("a", b"1234"), ("a", b"1234"), ("b", b"1234"), ("c", b"1234")):
        sent.keep(tag, body)

    assert [sent.get(tag) for tag in "abc"] == [None, b"1234", b"1234"]


def test_changes_add_up_to_what_the_addresses_answer(
    app_client: TestClient, api: Api, filled: Filled
) -> None:
    """Part for part and feed for feed, at first and later; what is known is not sent again."""
    study, browser = f"/studies/{filled.id}", Browser(app_client)
    paths = (f"{study}?part=stats,latest", f"{study}/charts/history", f"{study}/charts/marks")
    assert browser.fetch(*paths)[1] == [200, 200, 200]
    assert browser.fetch(*paths)[1][1:] == [304, 304]

    assignments = {"rate": 0.01, "size": 32, "act": "tanh"}
    api.post(
        f"/studies/{filled.id}/trials", {"assignments": assignments, "observation": {"value": 1}}
    )
    wait_for_posterior(api, filled.id)
    statuses = browser.fetch(*paths)[1]

    assert statuses == [200, 200, 200]
    for path in paths[1:]:
        assert browser.body(path) == app_client.get(path).content


def test_a_part_that_fails_leaves_the_others(app_client: TestClient, filled: Filled) -> None:
    """Each piece has its own status; what went wrong is said in its body."""
    good = f"/studies/{filled.id}/charts/history"

    _, statuses = Browser(app_client).fetch("/studies/st_none/charts/history", good)

    assert statuses == [404, 200]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/studies",
        "/help?part=lead",
        "/studies/x/trials.csv",
        "/changes?of=x",
        "studies?part=x",
    ],
)
def test_only_parts_and_charts_have_changes(app_client: TestClient, address: str) -> None:
    """Not the REST API, no downloads, and not themselves."""
    answer = app_client.get("/changes", params={"of": f" {address}"})

    assert answer.status_code == 422


def test_a_new_result_is_small(app_client: TestClient, api: Api) -> None:
    """An open Overview of 2,500 cells hears of a result, and of its posterior, in 5 kB."""
    study = api.study(name="wide", parameters=SQUARE)
    rows = [{"assignments": {"x": n % 50, "y": (7 * n) % 50}, "value": n / 10} for n in range(600)]
    api.post(f"/studies/{study}/observations:batch", {"rows": rows})
    wait_for_posterior(api, study)
    browser, page = Browser(app_client), f"/studies/{study}"
    axes = "layer=p_best&x=x&y=y&reduce=sum"
    paths = (f"{page}?part={OVERVIEW}", f"{page}/charts/history",
             f"{page}/charts/shades?{axes}", f"{page}/charts/marks?{axes}")  # fmt: skip
    browser.fetch(*paths)

    body = {"assignments": {"x": 3, "y": 4}, "observation": {"value": 2.5}}
    api.post(f"/studies/{study}/trials", body)
    size = browser.fetch(*paths)[0]
    wait_for_posterior(api, study)
    with counted_statements(app_client) as statements:
        size += browser.fetch(*paths)[0]

    assert size + 2 * HEADERS <= MOST_BYTES
    assert len(statements) <= 40


@pytest.mark.parametrize("layer", ["p_best", "mean", "ratio"])
def test_colours_are_those_of_the_numbers(
    app_client: TestClient, filled: Filled, layer: str
) -> None:
    """Within the half of a byte's step; all else is as the posterior feed says it."""
    query = {"layer": layer, "x": "rate", "y": "size"}
    exact = app_client.get(f"/studies/{filled.id}/charts/posterior", params=query).json()
    body = app_client.get(f"/studies/{filled.id}/charts/shades", params=query).content

    line, _, pixels = body.partition(b"\n")
    head = json.loads(line)
    shades = np.frombuffer(pixels, np.uint8).reshape(3, 3).astype(float)
    z = np.array(exact["z"], dtype=float)

    same = ("layer", "x", "y", "x_values", "y_values", "reduce", "seq", "revision", "unit")
    assert {name: head[name] for name in same} == {name: exact[name] for name in same}
    assert head["said"].startswith("Heatmap of ")
    if layer == "p_best":
        step = 6 / 255  # decades
        assert np.abs(6 * (shades / 255 - 1) - np.log10(z)).max() <= step / 2 + 0.01
    else:
        step = (head["high"] - head["low"]) / 254
        assert np.abs(head["low"] + step * (shades - 1) - z).max() <= step / 2 + 1e-12
