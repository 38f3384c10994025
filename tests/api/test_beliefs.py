"""The posterior as a resource: matrices, marginals, slices, snapshots, the best cell."""

import pytest

from tests.api.support import Api


@pytest.fixture
def tested(api: Api) -> str:
    """A study with three results, all of them in the posterior."""
    study = api.study(name="tested")
    rows = [
        {"assignments": {"learning_rate": rate, "latent_dim": 16}, "value": value}
        for rate, value in ((0.1, 0.4), (0.01, 0.3), (0.001, 0.5))
    ]
    api.post(f"/studies/{study}/observations:batch", {"rows": rows})
    api.post(f"/studies/{study}/suggestions", {"worker": "w", "wait_seconds": 20})
    return study


def test_the_posterior_is_a_matrix_in_the_users_own_values(api: Api, tested: str) -> None:
    """z[j][i] belongs to y_values[j] and x_values[i], and all of it sums to one."""
    found = api.get(f"/studies/{tested}/posterior", x="learning_rate", y="latent_dim")

    assert found["x_values"] == [0.001, 0.01, 0.1]
    assert found["y_values"] == [8, 16, 32]
    assert sum(map(sum, found["z"])) == pytest.approx(1)
    assert found["reduce"] == "sum"
    assert found["seq"] == api.get(f"/studies/{tested}")["snapshot_seq"]


def test_without_axes_the_first_two_parameters_are_shown(api: Api, tested: str) -> None:
    """One request without knowing the study shows something."""
    found = api.get(f"/studies/{tested}/posterior")

    assert (found["x"], found["y"]) == ("learning_rate", "latent_dim")


def test_without_y_it_is_a_marginal(api: Api, tested: str) -> None:
    """The other axes are summed."""
    whole = api.get(f"/studies/{tested}/posterior", x="learning_rate", y="latent_dim")["z"]
    marginal = api.get(f"/studies/{tested}/posterior", x="learning_rate")

    assert marginal["y"] is None
    assert marginal["z"][0] == pytest.approx([sum(column) for column in zip(*whole, strict=True)])


def test_a_slice_is_taken_at_a_level(api: Api, tested: str) -> None:
    """The level stands in the address as in JSON."""
    whole = api.get(f"/studies/{tested}/posterior", x="learning_rate", y="latent_dim")["z"]
    found = api.get(
        f"/studies/{tested}/posterior", x="learning_rate", reduce="slice", latent_dim="32"
    )

    assert found["z"][0] == pytest.approx(whole[2])


@pytest.mark.parametrize("layer", ["p_best", "mean", "sd", "acquisition", "prior", "counts"])
def test_every_layer_can_be_read(api: Api, tested: str, layer: str) -> None:
    """Each is a 3 x 3 matrix with a unit."""
    found = api.get(f"/studies/{tested}/posterior", layer=layer)

    assert [len(row) for row in found["z"]] == [3, 3, 3]
    assert found["unit"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"x": "nope"}, "axis_unknown"),
        ({"x": "learning_rate", "reduce": "slice", "nope": "1"}, "axis_unknown"),
        ({"x": "learning_rate", "reduce": "slice", "latent_dim": "9"}, "level_unknown"),
        ({"layer": "nope"}, "request_invalid"),
        ({"at": "-1"}, "request_invalid"),
        ({"at": "9" * 30}, "request_invalid"),
    ],
)
def test_pictures_that_there_are_not_are_refused(
    api: Api, tested: str, query: dict[str, str], code: str
) -> None:
    """An unknown axis, level or layer is a mistake of the client."""
    api.problem("GET", f"/studies/{tested}/posterior", 422, code, params=query)


def test_an_earlier_moment_can_be_read(api: Api, tested: str) -> None:
    """`at` gives the newest snapshot not after it; before the first there is none."""
    study = api.get(f"/studies/{tested}")
    api.post(
        f"/studies/{tested}/trials",
        {
            "assignments": {"learning_rate": 0.01, "latent_dim": 32},
            "observation": {"value": 0.1},
        },
    )
    api.post(f"/studies/{tested}/suggestions", {"worker": "v", "wait_seconds": 20})

    then = api.get(f"/studies/{tested}/posterior", at=study["snapshot_seq"])
    now = api.get(f"/studies/{tested}/posterior")

    assert then["seq"] == study["snapshot_seq"]
    assert now["seq"] > then["seq"]
    api.problem("GET", f"/studies/{tested}/posterior", 404, "snapshot_unknown", params={"at": 0})


def test_snapshots_are_listed_and_compared(api: Api, tested: str) -> None:
    """Oldest first, each readable, and the difference of two in bits."""
    listed = api.get(f"/studies/{tested}/snapshots")["items"]
    first, last = listed[0]["seq"], listed[-1]["seq"]

    whole = api.get(f"/studies/{tested}/snapshots/{last}")
    difference = api.get(f"/studies/{tested}/snapshots/diff", a=first, b=last)

    assert [s["seq"] for s in listed] == sorted(s["seq"] for s in listed)
    assert len(whole["top"]) == 9
    assert (difference["a"], difference["b"]) == (first, last)
    assert 0 <= difference["total_variation"] <= 1
    assert difference["information_bits"] >= 0


def test_moments_on_two_grids_are_not_compared(api: Api, tested: str) -> None:
    """After an edit of the grid, a difference across it is refused, and one beside it is not."""
    study = api.get(f"/studies/{tested}")
    before = study["snapshot_seq"]
    wider = [dict(axis) for axis in study["parameters"]]
    wider[0]["values"] = [*wider[0]["values"], 1.0]
    edited = api.client.patch(
        f"/api/v1/studies/{tested}",
        json={"parameters": wider},
        headers={"If-Match": f'"{study["version"]}"'},
    )
    assert edited.is_success, edited.text
    api.post(f"/studies/{tested}/suggestions", {"worker": "v", "wait_seconds": 20})
    after = api.get(f"/studies/{tested}")["snapshot_seq"]

    path = f"/studies/{tested}/snapshots/diff"
    api.problem("GET", path, 422, "grids_differ", params={"a": before, "b": after})
    assert api.get(path, a=after, b=after)["total_variation"] == 0


def test_the_best_cell_and_the_stopping_rule_are_read(api: Api, tested: str) -> None:
    """With numbers and runners-up."""
    best = api.get(f"/studies/{tested}/best")
    stopping = api.get(f"/studies/{tested}/stopping")

    assert best["assignments"]["learning_rate"] in {0.001, 0.01, 0.1}
    assert 0 < best["p_best"] <= 1
    assert best["runner_ups"]
    assert stopping["should_stop"] in {True, False}
    assert stopping["seq"] == best["seq"]


def test_before_the_first_result_there_is_no_best_cell(api: Api) -> None:
    """Nothing is made up."""
    best = api.get(f"/studies/{api.study()}/best")

    assert best["cell"] is None


def test_workers_are_listed(api: Api, tested: str) -> None:
    """With how many trials each has."""
    workers = {w["name"]: w for w in api.get(f"/studies/{tested}/workers")["items"]}

    assert workers["w"]["active"] == 1


def test_a_worker_that_keeps_failing_gets_nothing_until_it_is_released(api: Api) -> None:
    """One broken host cannot burn the grid."""
    study = api.study()
    for _ in range(5):
        number = api.ask(study, worker="broken")["number"]
        api.post(f"/studies/{study}/trials/{number}/failure", {"kind": "failed", "reason": "x"})
    path = f"/studies/{study}/suggestions"

    api.problem("POST", path, 409, "worker_quarantined", json={"worker": "broken"})
    api.client.post(f"/api/v1/studies/{study}/workers:release", json={"worker": "broken"})

    assert api.ask(study, worker="broken")["state"] == "active"
