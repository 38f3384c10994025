"""Studies over HTTP: create, list, read, change, delete, restore."""

from typing import Any

import pytest

from tests.api.support import STUDY, Api


def test_a_study_is_created_with_every_default_filled_in(api: Api) -> None:
    """The answer says all that is used from now on, and where the study is."""
    response = api.client.post("/api/v1/studies", json=STUDY)
    study = response.json()

    assert response.status_code == 201
    assert response.headers["location"] == f"/api/v1/studies/{study['id']}"
    assert study["n_cells"] == 9
    assert study["state"] == "active"
    assert study["metrics"] == [{"name": "mse", "goal": "minimize", "role": "objective"}]
    assert [p["values"] for p in study["parameters"]] == [[0.001, 0.01, 0.1], [8, 16, 32]]


def test_a_range_becomes_its_levels(api: Api) -> None:
    """Low, high and levels on a log scale are listed as values."""
    study = api.post(
        "/studies",
        STUDY
        | {
            "parameters": [
                {
                    "name": "lr",
                    "kind": "ordered",
                    "low": 1,
                    "high": 100,
                    "levels": 3,
                    "scale": "log",
                }
            ]
        },
    )

    assert study["parameters"][0]["values"] == pytest.approx([1, 10, 100])


def test_names_need_not_be_unique_and_the_newest_is_found_by_name(api: Api) -> None:
    """`name:` addresses the newest study of a name."""
    api.study(name="twice / ä")
    newest = api.study(name="twice / ä")

    # A slash in a name cannot be part of a path, whatever its spelling.
    plain = api.study(name="plain name")

    assert api.get("/studies/name:plain name")["id"] == plain
    assert api.get("/studies", q="twice")["items"][0]["id"] == newest


def test_lists_go_on_at_a_cursor(api: Api) -> None:
    """A page says where the next one begins; an empty cursor is the first page."""
    ids = [api.study(name="paged") for _ in range(3)]

    first = api.get("/studies", q="paged", limit=2, cursor="")
    second = api.get("/studies", q="paged", limit=2, cursor=first["next_cursor"])
    listed = [study["id"] for study in first["items"] + second["items"]]

    assert set(ids) <= set(listed)
    assert len(set(listed)) == len(listed)


def test_a_cursor_that_was_not_given_out_is_refused(api: Api) -> None:
    """It is a mistake of the client, and says so."""
    api.problem("GET", "/studies", 400, "cursor_invalid", params={"cursor": "nonsense"})


def test_a_change_needs_the_version_that_was_read(api: Api) -> None:
    """With If-Match a change is made only if nothing changed meanwhile."""
    study = api.study()
    read = api.client.get(f"/api/v1/studies/{study}")
    match = {"If-Match": read.headers["etag"]}
    path = f"/studies/{study}"

    changed = api.client.patch(f"/api/v1{path}", json={"notes": "one"}, headers=match)
    api.problem("PATCH", path, 412, "version_mismatch", json={"notes": "two"}, headers=match)

    assert changed.json()["notes"] == "one"
    assert changed.headers["etag"] != read.headers["etag"]
    assert api.get(path)["notes"] == "one"


def test_an_if_match_that_is_no_etag_is_refused(api: Api) -> None:
    """Only what an answer had in ETag is taken."""
    study = api.study()

    api.problem(
        "PATCH",
        f"/studies/{study}",
        400,
        "if_match_invalid",
        json={"notes": "x"},
        headers={"If-Match": '"abc"'},
    )


def test_a_deleted_study_is_gone_until_it_is_restored(api: Api) -> None:
    """DELETE is undoable."""
    study = api.study()

    assert api.client.delete(f"/api/v1/studies/{study}").status_code == 204
    api.problem("GET", f"/studies/{study}", 404, "study_unknown")
    api.post(f"/studies/{study}:restore")

    assert api.get(f"/studies/{study}")["state"] == "active"


@pytest.mark.parametrize("state", ["paused", "archived"])
def test_a_study_that_is_not_active_suggests_nothing_and_says_why(api: Api, state: str) -> None:
    """Each state has its own code."""
    study = api.study()
    api.client.patch(f"/api/v1/studies/{study}", json={"state": state}).raise_for_status()

    api.problem("POST", f"/studies/{study}/suggestions", 409, state)


def test_a_state_that_cannot_follow_is_refused(api: Api) -> None:
    """An archived study cannot be paused."""
    study = api.study()
    api.client.patch(f"/api/v1/studies/{study}", json={"state": "archived"}).raise_for_status()

    api.problem("PATCH", f"/studies/{study}", 409, "invalid_transition", json={"state": "paused"})


def test_the_same_key_creates_one_study(api: Api) -> None:
    """A repeat gives the same answer and says that it is one; another body is refused."""
    headers = {"Idempotency-Key": "create-once"}
    body = STUDY | {"name": "created once"}

    first = api.client.post("/api/v1/studies", json=body, headers=headers)
    again = api.client.post("/api/v1/studies", json=body, headers=headers)

    assert again.json() == first.json()
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.get("/studies", q="created once")["items"]) == 1
    api.problem(
        "POST",
        "/studies",
        422,
        "idempotency_key_reused",
        json=STUDY | {"name": "x"},
        headers=headers,
    )


def test_a_prior_is_replaced_and_shown_before(api: Api) -> None:
    """A preview stores nothing; PUT does, and is a new revision."""
    study = api.study()
    prior = {"prior": {"axes": {"learning_rate": [0, 1, 0]}}}

    shown = api.post(f"/studies/{study}/prior:preview", prior)
    before = api.get(f"/studies/{study}")
    api.client.put(f"/api/v1/studies/{study}/prior", json=prior).raise_for_status()
    after = api.get(f"/studies/{study}")

    assert shown["layer"] == "prior"
    assert shown["z"][0][1] > shown["z"][0][0]
    assert before["prior"] is None
    assert after["prior"]["axes"] == {"learning_rate": [0, 1, 0]}
    assert after["revision"] == before["revision"] + 1


BAD: list[tuple[str, dict[str, Any]]] = [
    ("parameter_kind_unknown", {"parameters": [{"name": "a", "kind": "magic", "values": [1, 2]}]}),
    ("values_missing", {"parameters": [{"name": "a", "kind": "ordered"}]}),
    ("values_missing", {"parameters": [{"name": "a", "kind": "ordered", "values": []}]}),
    ("values_duplicate", {"parameters": [{"name": "a", "kind": "ordered", "values": [1, 1]}]}),
    (
        "scale_log_nonpositive",
        {"parameters": [{"name": "a", "kind": "ordered", "values": [0, 1], "scale": "log"}]},
    ),
    (
        "grid_too_large",
        {
            "parameters": [
                {"name": f"p{i}", "kind": "ordered", "low": 0, "high": 1, "levels": 10}
                for i in range(13)
            ]
        },
    ),
    (
        "parameter_name_duplicate",
        {"parameters": [{"name": "a", "kind": "ordered", "values": [1, 2]}] * 2},
    ),
    ("prior_shape", {"prior": {"axes": {"learning_rate": [1, 2]}}}),
    ("prior_shape", {"prior": {"table": [[1, 2], [3, 4]]}}),
    ("prior_negative", {"prior": {"axes": {"learning_rate": [1, -2, 1]}}}),
    ("prior_zero", {"prior": {"axes": {"learning_rate": [0, 0, 0]}}}),
    ("prior_invalid", {"prior": {"confidence": 0.5}}),
    ("strategy_invalid", {"strategy": {"name": "guess"}}),
    ("noise_invalid", {"noise": "loud"}),
    ("stopping_invalid", {"stopping": {"probability": 2}}),
    ("metrics_invalid", {"metrics": []}),
    ("metrics_invalid", {"metrics": [{"name": "a"}, {"name": "a"}]}),
    ("request_invalid", {"typo": 1}),
    ("request_invalid", {"parameters": "many"}),
    ("request_invalid", {"name": "\u0000"}),
    ("request_invalid", {"name": 7}),
    ("request_invalid", {"seed": True}),
    ("request_invalid", {"budget": {"trials": 0}}),
]


@pytest.mark.parametrize(
    ("code", "change"), BAD, ids=[f"{code}-{number}" for number, (code, _) in enumerate(BAD)]
)
def test_bad_definitions_have_their_own_codes_and_store_nothing(
    api: Api, code: str, change: dict[str, Any]
) -> None:
    """Each says what was expected and what came."""
    body = STUDY | {"name": "never stored"} | change

    problem = api.problem("POST", "/studies", 422, code, json=body)

    assert len(problem["detail"]) > 10
    assert api.get("/studies", q="never stored")["items"] == []


def test_levels_are_added_and_removed_in_mid_study(api: Api) -> None:
    """What is known of a combination stays with it; its cell gets the number of the new grid."""
    path = f"/studies/{api.study()}"
    where = {"learning_rate": 0.01, "latent_dim": 16}
    told = api.post(f"{path}/trials", {"assignments": where, "observation": {"value": 1.0}})
    read = api.client.get(f"/api/v1{path}")
    rate, size = read.json()["parameters"]
    wider = [rate, size | {"values": [4, 8, 16, 32]}]

    match = {"If-Match": read.headers["etag"]}
    changed = api.client.patch(f"/api/v1{path}", json={"parameters": wider}, headers=match)

    assert (changed.status_code, changed.json()["n_cells"]) == (200, 12)
    assert changed.json()["revision"] == 2
    moved = api.get(f"{path}/trials/{told['number']}")
    assert (told["cell"], moved["cell"], moved["value"]) == (4, 6, 1.0)
    api.problem("PATCH", path, 412, "version_mismatch", json={"parameters": wider}, headers=match)
    api.problem("PATCH", path, 422, "grid_edit_invalid", json={"parameters": [rate]})
