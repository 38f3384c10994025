"""A grid of a trillion cells over HTTP: the same API, without a number for every cell."""

from typing import Any

import pytest

from tests.api.support import STUDY, Api

WIDE: list[dict[str, Any]] = [
    {"name": f"p{axis}", "kind": "ordered", "values": list(range(10))} for axis in range(12)
]


@pytest.fixture(scope="module")
def made() -> dict[int, str]:
    """One study for all tests of one client."""
    return {}


@pytest.fixture
def study(api: Api, made: dict[int, str]) -> str:
    """A study of a trillion cells with five results."""
    if id(api.client) not in made:
        study = api.study(parameters=WIDE)
        for _ in range(5):
            trial = api.ask(study, wait_seconds=20)
            value = sum((level - 4) ** 2 for level in trial["assignments"].values())
            api.tell(study, trial["number"], float(value))
        api.post(f"/studies/{study}/suggestions", {"wait_seconds": 20, "worker": "w", "count": 8})
        made[id(api.client)] = study
    return made[id(api.client)]


def test_a_trillion_cells_are_asked_and_told(api: Api, study: str) -> None:
    """Every suggestion is another cell, the best is known, the study goes on."""
    trials = api.get(f"/studies/{study}/trials")["items"]
    shown = api.get(f"/studies/{study}")
    best = api.get(f"/studies/{study}/best")

    assert len({trial["cell"] for trial in trials}) == 13
    assert (shown["n_cells"], shown["cells_tested"], shown["state"]) == (10**12, 5, "active")
    assert best["mean"] is not None
    assert len(api.get(f"/studies/{study}/snapshots")["items"]) > 1


def test_the_posterior_has_marginals_and_slices(api: Api, study: str) -> None:
    """Of p_best sums, of the mean a slice; what would take every cell is refused."""
    pair = api.get(f"/studies/{study}/posterior", x="p3", y="p5")
    cut = api.get(f"/studies/{study}/posterior", layer="mean", reduce="slice", p7="2")

    assert sum(map(sum, pair["z"])) == pytest.approx(1)
    assert (len(cut["z"]), len(cut["z"][0])) == (10, 10)
    whole = f"/studies/{study}/posterior?layer=sd&reduce=mean"
    api.problem("GET", whole, 422, "layer_too_large")
    api.problem("GET", f"/studies/{study}/importance", 422, "layer_too_large")
    seq = api.get(f"/studies/{study}")["snapshot_seq"]
    diff = f"/studies/{study}/snapshots/diff?a=1&b={seq}"
    api.problem("GET", diff, 422, "layer_too_large")


def test_every_page_of_such_a_study_opens(api: Api, study: str) -> None:
    """The dashboard shows what there is."""
    for page in (
        "",
        "/posterior",
        "/trials",
        "/convergence",
        "/strategies",
        "/workers",
        "/settings",
    ):
        response = api.client.get(f"/studies/{study}{page}")
        assert response.status_code == 200, (page, response.text[:500])


def test_a_prior_is_changed_and_shown_per_axis(api: Api, study: str) -> None:
    """A prior preview is a marginal too."""
    body = {"prior": {"axes": {"p1": [1] * 9 + [9]}}}
    shown = api.client.post(f"/api/v1/studies/{study}/prior:preview?x=p1", json=body)

    assert shown.status_code == 200, shown.text
    assert shown.json()["z"][0][9] > 0.4


def test_ten_trillion_cells_are_refused(api: Api) -> None:
    """With the code that grids beyond the limit always had."""
    more = [*WIDE, {"name": "more", "kind": "ordered", "values": list(range(10))}]
    api.problem("POST", "/studies", 422, "grid_too_large", json=STUDY | {"parameters": more})
