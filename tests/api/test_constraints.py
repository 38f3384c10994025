"""Rules about which cells are searched, over HTTP."""

from typing import Any

import pytest

from tests.api.support import STUDY, Api

RULES: dict[str, Any] = {
    "forbid": [{"learning_rate": 0.1, "latent_dim": [8, 16]}],
    "require": [
        "learning_rate * latent_dim <= 0.5",
        {"left": "latent_dim", "op": "!=", "right": 16},
    ],
}
MOMENTUM: list[dict[str, Any]] = [
    {"name": "optimizer", "kind": "categorical", "values": ["adam", "sgd"]},
    {"name": "momentum", "kind": "ordered", "values": [0, 0.9], "when": {"optimizer": ["sgd"]}},
]


def _finish(api: Api, study: str) -> list[dict[str, Any]]:
    """Ask and tell until the study says that it is exhausted; what was tried."""
    tried = []
    while api.get(f"/studies/{study}")["state"] == "active":
        trial = api.ask(study)
        tried.append(trial["assignments"])
        api.tell(study, trial["number"], 1.0 / (1 + len(tried)))
    return tried


def test_only_cells_that_the_rules_allow_are_suggested(api: Api) -> None:
    """The study is exhausted when these are tested; both counts are shown."""
    study = api.study(constraints=RULES)
    shown = api.get(f"/studies/{study}")
    tried = _finish(api, study)

    assert (shown["n_cells"], shown["grid_cells"]) == (4, 9)
    assert shown["constraints"] == RULES
    assert {(a["learning_rate"], a["latent_dim"]) for a in tried} == {
        (0.001, 8), (0.001, 32), (0.01, 8), (0.01, 32)
    }  # fmt: skip
    assert len(tried) == 4
    assert api.get(f"/studies/{study}")["state"] == "exhausted"
    api.problem("POST", f"/studies/{study}/suggestions", 409, "exhausted", json={})


def test_a_result_of_an_excluded_cell_is_kept_and_not_counted(api: Api) -> None:
    """It is data; the cells that are searched are all still to be tested."""
    study = api.study(constraints=RULES)
    row = {"assignments": {"learning_rate": 0.1, "latent_dim": 8}, "value": 0.01}
    api.post(f"/studies/{study}/observations:batch", {"rows": [row]})
    before = api.get(f"/studies/{study}")
    tried = _finish(api, study)

    assert (before["observations"], before["cells_tested"]) == (1, 0)
    assert len(tried) == 4
    assert api.get(f"/studies/{study}")["observations"] == 5
    best = api.get(f"/studies/{study}/best")
    assert best["assignments"] != row["assignments"]


def test_a_parameter_that_does_not_matter_is_left_out(api: Api) -> None:
    """Adam is one cell, sgd one for each momentum."""
    study = api.study(parameters=MOMENTUM)
    tried = _finish(api, study)

    assert sorted(map(str, tried)) == [
        "{'optimizer': 'adam'}",
        "{'optimizer': 'sgd', 'momentum': 0.9}",
        "{'optimizer': 'sgd', 'momentum': 0}",
    ]
    queued = api.post(f"/studies/{study}/trials", {"assignments": {"optimizer": "adam"}})
    assert queued["assignments"] == {"optimizer": "adam"}
    assert queued["cell"] == 0
    assert api.get(f"/studies/{study}")["parameters"][1]["when"] == {"optimizer": ["sgd"]}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("request_invalid", {"constraints": {"allow": []}}),
        ("constraint_syntax", {"constraints": {"require": ["latent_dim"]}}),
        ("constraint_parameter_unknown", {"constraints": {"require": ["dim < 3"]}}),
        ("constraint_value_unknown", {"constraints": {"forbid": [{"latent_dim": 9}]}}),
        ("constraints_exclude_all", {"constraints": {"require": ["latent_dim < 8"]}}),
        ("condition_circular", {"parameters": [MOMENTUM[1] | {"when": {"momentum": 0}}]}),
    ],
)
def test_a_bad_rule_is_refused_with_its_code(api: Api, code: str, changes: Any) -> None:
    """Nothing is stored."""
    api.problem("POST", "/studies", 422, code, json=STUDY | changes)


def test_rules_are_changed_in_mid_study(api: Api) -> None:
    """By PATCH: a new revision; null takes all rules away; what cannot be is refused."""
    study = api.study()
    path = f"/api/v1/studies/{study}"
    one = {"learning_rate": 0.1, "latent_dim": 8}

    changed = api.client.patch(path, json={"constraints": {"forbid": [one]}}).json()
    api.problem(
        "PATCH", f"/studies/{study}", 422, "constraint_value_unknown",
        json={"constraints": {"forbid": [{"latent_dim": 9}]}},
    )  # fmt: skip
    restored = api.client.patch(path, json={"constraints": None}).json()

    assert (changed["n_cells"], changed["revision"]) == (8, 2)
    assert changed["constraints"] == {"forbid": [one]}
    assert (restored["n_cells"], restored["constraints"]) == (9, None)
