"""The life of a trial over HTTP: asked for, told of, failed, released, corrected."""

import pytest

from tests.api.support import Api


def test_a_suggestion_has_all_that_a_worker_needs(api: Api) -> None:
    """Number, cell, values in the user's own types, lease with token, and the reason why."""
    study = api.study()

    answer = api.client.post(f"/api/v1/studies/{study}/suggestions", json={"worker": "w"})
    trial = answer.json()["trials"][0]

    assert answer.status_code == 201
    assert trial["number"] == 1
    assert trial["state"] == "active"
    assert trial["assignments"]["latent_dim"] in {8, 16, 32}
    assert isinstance(trial["assignments"]["latent_dim"], int)
    assert trial["lease"]["worker"] == "w"
    assert trial["lease"]["token"]
    assert trial["lease"]["expires_at"].endswith("Z")
    assert trial["explanation"]["sentence"]
    assert answer.json()["stale"] is False


def test_a_bare_ask_without_a_body_works(api: Api) -> None:
    """One `curl -X POST` is enough."""
    study = api.study()

    assert api.client.post(f"/api/v1/studies/{study}/suggestions").status_code == 201


def test_the_same_worker_gets_its_own_trial_again(api: Api) -> None:
    """It may have lost the answer: 200, not 201."""
    study = api.study()
    first = api.ask(study, worker="w")

    again = api.client.post(f"/api/v1/studies/{study}/suggestions", json={"worker": "w"})

    assert again.status_code == 200
    assert again.json()["trials"][0]["number"] == first["number"]


def test_a_token_of_a_lease_is_nobody_elses_business(api: Api) -> None:
    """Lists and trials show who holds a lease, not the token."""
    study = api.study()
    trial = api.ask(study, worker="w")

    listed = api.get(f"/studies/{study}/trials")["items"][0]
    read = api.get(f"/studies/{study}/trials/{trial['number']}")

    assert set(listed["lease"]) == {"worker", "expires_at"}
    assert set(read["lease"]) == {"worker", "expires_at"}


def test_a_result_counts_once_however_often_it_is_sent(api: Api) -> None:
    """The same value again is fine, another one is a conflict that shows both."""
    study = api.study()
    number = api.ask(study)["number"]

    told = api.tell(study, number, 0.5)
    again = api.tell(study, number, 0.5)
    path = f"/studies/{study}/trials/{number}/observation"
    problem = api.problem("POST", path, 409, "observation_conflict", json={"value": 0.6})

    assert told["state"] == "completed"
    assert told["observations"] == again["observations"] == 1
    assert (problem["stored"], problem["given"]) == (0.5, 0.6)
    assert api.get(f"/studies/{study}")["observations"] == 1


def test_the_next_suggestion_is_based_on_the_result(api: Api) -> None:
    """A sequential worker always gets the newest posterior."""
    study = api.study()
    api.tell(study, api.ask(study)["number"], 0.5)

    answer = api.post(f"/studies/{study}/suggestions")

    assert answer["stale"] is False
    assert answer["seq"] == answer["trials"][0]["seq"]
    assert api.get(f"/studies/{study}/snapshots")["items"][-1]["n_observations"] == 1


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", '"NaN"', '"inf"'])
def test_results_that_are_no_numbers_are_shown_the_way_to_failure(api: Api, text: str) -> None:
    """In every spelling: refused, nothing stored, and the way in is named."""
    study = api.study()
    number = api.ask(study)["number"]
    path = f"/studies/{study}/trials/{number}/observation"

    problem = api.problem(
        "POST",
        path,
        422,
        "non_finite_value",
        content=f'{{"value": {text}}}',
        headers={"Content-Type": "application/json"},
    )

    assert "/failure" in problem["detail"]
    assert "infeasible" in problem["detail"]
    assert api.get(f"/studies/{study}/trials/{number}")["state"] == "active"


def test_inverse_loss_refuses_what_is_no_loss(api: Api) -> None:
    """1/loss needs a loss above zero; the trial stays open."""
    study = api.study(strategy={"likelihood": "inverse_loss"})
    number = api.ask(study)["number"]
    path = f"/studies/{study}/trials/{number}/observation"

    api.problem("POST", path, 422, "loss_not_positive", json={"value": -1})

    assert api.get(f"/studies/{study}/trials/{number}")["state"] == "active"


def test_results_for_trials_that_are_not_there_or_over_are_refused(api: Api) -> None:
    """Unknown and finished have different codes."""
    study = api.study()
    number = api.ask(study)["number"]
    api.post(
        f"/studies/{study}/trials/{number}/failure", {"kind": "infeasible", "reason": "NaN loss"}
    )

    unknown = f"/studies/{study}/trials/99/observation"
    finished = f"/studies/{study}/trials/{number}/observation"
    api.problem("POST", unknown, 404, "trial_unknown", json={"value": 1})
    api.problem("POST", finished, 409, "trial_finished", json={"value": 1})


def test_a_study_that_is_all_tested_is_exhausted(api: Api) -> None:
    """The budget ends it; the next ask gets nothing and the reason."""
    study = api.study(budget={"trials": 1})
    api.tell(study, api.ask(study)["number"], 0.5)

    problem = api.problem("POST", f"/studies/{study}/suggestions", 409, "exhausted")

    assert "budget" in problem["detail"]
    assert api.get(f"/studies/{study}")["state"] == "exhausted"


def test_when_all_is_leased_an_ask_says_when_to_come_again(api: Api) -> None:
    """An empty hand is an answer with Retry-After."""
    study = api.study(budget={"trials": 1})
    api.ask(study, worker="a")

    response = api.client.post(f"/api/v1/studies/{study}/suggestions", json={"worker": "b"})

    assert response.status_code == 409
    assert response.json()["code"] == "all_leased"
    assert int(response.headers["retry-after"]) > 0


def test_a_wrong_lease_token_is_refused_and_none_is_fine(api: Api) -> None:
    """The token is optional, so that a bare curl works; given, it is checked."""
    study = api.study()
    trial = api.ask(study, worker="w")
    path = f"/studies/{study}/trials/{trial['number']}"

    api.problem(
        "POST", f"{path}/observation", 409, "lease_mismatch", json={"value": 1, "lease_token": "x"}
    )
    beat = api.post(f"{path}/heartbeat", {"lease_token": trial["lease"]["token"]})

    assert beat["directive"] == "continue"


def test_measurements_come_before_the_result_and_may_become_it(api: Api) -> None:
    """Completing without a value takes the last measurement."""
    study = api.study()
    number = api.ask(study)["number"]
    path = f"/studies/{study}/trials/{number}"

    one = api.post(f"{path}/measurements", {"step": 1, "value": 0.9})
    more = api.post(
        f"{path}/measurements",
        {"measurements": [{"step": 1, "value": 0.9}, {"step": 2, "value": 0.7}]},
    )
    told = api.client.post(f"/api/v1{path}/observation").json()

    assert (one["accepted"], one["duplicates"]) == (1, 0)
    assert (more["accepted"], more["duplicates"]) == (1, 1)
    assert told["value"] == 0.7
    assert [m["step"] for m in api.get(f"{path}/measurements")["items"]] == [1, 2]


def test_a_released_trial_goes_to_the_next_who_asks(api: Api) -> None:
    """Under the same number."""
    study = api.study()
    trial = api.ask(study, worker="a")
    api.post(f"/studies/{study}/trials/{trial['number']}/release")

    again = api.ask(study, worker="b")

    assert again["number"] == trial["number"]
    assert again["assignments"] == trial["assignments"]


def test_a_trial_may_be_queued_or_imported_off_the_grid_too(api: Api) -> None:
    """Its assignments are kept as given, and its cell is none."""
    study = api.study()
    off = {"learning_rate": 0.5, "latent_dim": 12}

    queued = api.post(f"/studies/{study}/trials", {"assignments": off})
    imported = api.post(
        f"/studies/{study}/trials",
        {
            "assignments": {"learning_rate": 0.01, "latent_dim": 32},
            "observation": {"value": 0.15, "stddev": 0.01},
        },
    )

    assert (queued["cell"], queued["assignments"], queued["state"]) == (None, off, "queued")
    assert (imported["cell"], imported["value"], imported["state"]) == (5, 0.15, "completed")
    assert api.ask(study)["number"] == queued["number"]


def test_a_batch_is_stored_whole_or_not_at_all(api: Api) -> None:
    """A dry run stores nothing; one bad row refuses all."""
    study = api.study()
    path = f"/studies/{study}/observations:batch"
    rows = [
        {"assignments": {"learning_rate": 0.1, "latent_dim": n}, "value": n / 100}
        for n in (8, 16, 32)
    ]
    bad = [*rows, {"assignments": {"learning_rate": 0.1}, "value": 1}]

    dry = api.client.post(f"/api/v1{path}", json={"rows": rows}, params={"dry_run": "true"})
    api.problem("POST", path, 422, "assignment_missing", json={"rows": bad})
    stored = api.post(path, {"rows": rows})

    assert dry.json()["dry_run"] is True
    assert stored["accepted"] == len(stored["numbers"]) == 3
    assert api.get(f"/studies/{study}")["observations"] == 3


def test_a_correction_replaces_a_result(api: Api) -> None:
    """PUT with the version that was read; the old value stays in the events."""
    study = api.study()
    number = api.ask(study)["number"]
    api.tell(study, number, 0.5)
    path = f"/api/v1/studies/{study}/trials/{number}"
    match = {"If-Match": api.client.get(path).headers["etag"]}

    corrected = api.client.put(f"{path}/observation", json={"value": 0.4}, headers=match)
    late = api.client.put(f"{path}/observation", json={"value": 0.3}, headers=match)

    assert corrected.json()["value"] == 0.4
    assert late.status_code == 412


def test_a_deleted_trial_is_gone_until_it_is_restored(api: Api) -> None:
    """404 in between, and its result does not count."""
    study = api.study()
    number = api.ask(study)["number"]
    api.tell(study, number, 0.5)
    path = f"/studies/{study}/trials/{number}"

    assert api.client.delete(f"/api/v1{path}").status_code == 204
    api.problem("GET", path, 404, "trial_unknown")
    assert api.get(f"/studies/{study}")["observations"] == 0
    api.post(f"{path}:restore")

    assert api.get(path)["value"] == 0.5
    assert api.get(f"/studies/{study}")["observations"] == 1


def test_lists_can_be_filtered_and_paged(api: Api) -> None:
    """By state and worker, with a cursor that is stable when trials come in between."""
    study = api.study()
    for worker in "abc":
        api.ask(study, worker=worker)
    api.tell(study, 1, 0.5)

    first = api.get(f"/studies/{study}/trials", limit=2)
    second = api.get(f"/studies/{study}/trials", limit=2, cursor=first["next_cursor"])
    active = api.get(f"/studies/{study}/trials", state="active", worker="b")["items"]

    assert [t["number"] for t in first["items"] + second["items"]] == [1, 2, 3]
    assert second["next_cursor"] is None
    assert [t["worker"] for t in active] == ["b"]


def test_an_ask_with_a_key_is_answered_once(api: Api) -> None:
    """A repeat leases nothing more."""
    study = api.study()
    key = {"Idempotency-Key": f"ask-{study}"}
    path = f"/api/v1/studies/{study}/suggestions"

    first = api.client.post(path, json={"count": 2}, headers=key)
    again = api.client.post(path, json={"count": 2}, headers=key)

    assert first.json() == again.json()
    assert len(api.get(f"/studies/{study}/trials")["items"]) == 2


def test_why_a_cell_was_suggested_can_be_read(api: Api) -> None:
    """The explanation is stored with the trial."""
    study = api.study()
    number = api.ask(study)["number"]

    why = api.get(f"/studies/{study}/explain/{number}")

    assert why["number"] == number
    assert why["explanation"]["sentence"]


def test_notes_and_tags_can_be_changed(api: Api) -> None:
    """They are for people and change no belief."""
    study = api.study()
    number = api.ask(study)["number"]

    changed = api.client.patch(
        f"/api/v1/studies/{study}/trials/{number}", json={"notes": "odd", "tags": ["look"]}
    )

    late = api.client.patch(
        f"/api/v1/studies/{study}/trials/{number}",
        json={"notes": "lost"},
        headers={"If-Match": '"1"'},
    )

    assert changed.json()["notes"] == "odd"
    assert late.status_code == 412
    assert api.get(f"/studies/{study}/trials/{number}")["tags"] == ["look"]
