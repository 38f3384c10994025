"""/metrics tells Prometheus what happens, and the Grafana file asks for what there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from beliefgrid.actions.expire import expire
from beliefgrid.main import create_app
from beliefgrid.metrics import Metrics, Totals
from beliefgrid.settings import Settings
from tests.api.support import STUDY, Api
from tests.operation.conftest import BASE_URL, make_token
from tests.support.clock import Clock
from tests.support.waiting import wait_until

DASHBOARD = Path("deploy/grafana/beliefgrid.json")
NAME = re.compile(r"\bbeliefgrid_[a-z_]+")


def samples(client: TestClient) -> dict[str, float]:
    """Return the value of every sample by `name{label="value",…}`."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=")
    found = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_requests_are_counted_by_route_and_never_by_address(client: TestClient, api: Api) -> None:
    """Whatever addresses are asked for, there are only as many series as routes."""
    study = api.study()
    api.get(f"/studies/{study}")
    client.get("/api/v1/studies/st_gone")
    client.get("/no/such/page/" + "x" * 50)

    found = samples(client)

    route = "method=GET,route=/api/v1/studies/{study}"
    assert found[f"beliefgrid_requests_total{{{route},status=200}}"] == 1
    assert found[f"beliefgrid_requests_total{{{route},status=404}}"] == 1
    assert found["beliefgrid_requests_total{method=GET,route=none,status=404}"] == 1
    assert found[f"beliefgrid_request_seconds_count{{{route}}}"] == 2
    assert study not in str(found)
    assert not [name for name in found if name.partition("{")[0].endswith("_created")]


def test_asks_and_tells_are_counted_by_what_became_of_them(
    client: TestClient, api: Api, clock: Clock
) -> None:
    """Answers, refusals, repeats; late results and leases that ran out."""
    study = api.study()
    number = api.ask(study, worker="w", lease_seconds=60)["number"]
    api.tell(study, number, 0.5)
    api.tell(study, number, 0.5)
    path = f"/studies/{study}/trials/{number}/observation"
    api.problem("POST", path, 409, "observation_conflict", json={"value": 0.7})
    late = api.ask(study, worker="w", lease_seconds=60)["number"]
    clock.advance(600)
    service: Any = client.app.state.service  # type: ignore[attr-defined]
    client.portal.call(service.write, expire, study)  # type: ignore[union-attr]
    api.tell(study, late, 0.4)
    client.patch(f"/api/v1/studies/{study}", json={"state": "paused"})
    api.problem("POST", f"/studies/{study}/suggestions", 409, "paused", json={})

    found = samples(client)

    assert found["beliefgrid_asks_total{outcome=ok}"] == 2
    assert found["beliefgrid_asks_total{outcome=paused}"] == 1
    assert found["beliefgrid_tells_total{outcome=ok}"] == 2
    assert found["beliefgrid_tells_total{outcome=replayed}"] == 1
    assert found["beliefgrid_tells_total{outcome=observation_conflict}"] == 1
    assert found["beliefgrid_late_results_total"] == 1
    assert found["beliefgrid_expiries_total"] == 1
    assert found["beliefgrid_events_total{kind=trial_leased}"] == 2
    assert found["beliefgrid_studies{state=paused}"] == 1
    assert found["beliefgrid_trials{state=completed}"] == 2


def test_updates_leases_and_the_queue_are_seen(client: TestClient, api: Api) -> None:
    """What the updater did, what waits, and who holds a lease."""
    study = api.study()
    number = api.ask(study, worker="a")["number"]
    api.ask(study, worker="b")
    api.tell(study, number, 0.5)
    wait_until(lambda: samples(client)["beliefgrid_studies_behind"] == 0)

    found = samples(client)

    assert found["beliefgrid_update_seconds_count"] >= 1
    assert found["beliefgrid_update_lag_seconds_count"] == found["beliefgrid_update_seconds_count"]
    assert found["beliefgrid_leases{state=live}"] == 1
    assert found["beliefgrid_leases{state=overdue}"] == 0
    assert found["beliefgrid_queue_length"] >= 1
    assert found["beliefgrid_results_behind"] == 0
    assert found["beliefgrid_write_batch_size_count"] >= 4


def test_an_undone_change_is_not_counted(client: TestClient, api: Api) -> None:
    """What was rolled back did not happen."""

    def note_and_fail(c: Any, *, now: Any) -> None:
        from beliefgrid.storage.transaction import note_events

        note_events(c, ["never_happened"])
        raise ValueError(str(now))

    service: Any = client.app.state.service  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="2026"):
        client.portal.call(service.write, note_and_fail)  # type: ignore[union-attr]
    api.study()

    assert "never_happened" not in str(samples(client))


def test_numbers_need_a_token_where_one_is_mandatory(sqlite_url: str) -> None:
    """A reader of everything sees them; nobody else, not even who reads one study."""
    reader = make_token(sqlite_url, "read")
    app = create_app(Settings(database_url=sqlite_url, auth="on", updates="off"))
    with TestClient(app, base_url=BASE_URL) as client:
        nobody = client.get("/metrics")
        somebody = client.get("/metrics", headers={"Authorization": f"Bearer {reader}"})

    assert nobody.status_code == 401
    assert somebody.status_code == 200


def test_a_token_for_one_study_does_not_see_the_others(sqlite_url: str) -> None:
    """The numbers are about all studies together."""
    with TestClient(create_app(Settings(database_url=sqlite_url)), base_url=BASE_URL) as client:
        study = client.post("/api/v1/studies", json=STUDY).json()["id"]
    reader = make_token(sqlite_url, "read", study_id=study)
    app = create_app(Settings(database_url=sqlite_url, auth="on", updates="off"))
    with TestClient(app, base_url=BASE_URL) as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {reader}"})

    assert answer.status_code == 403


def test_two_applications_count_for_themselves() -> None:
    """There is no state of the module."""
    one, other = Metrics(), Metrics()
    one.limited()

    totals = Totals({}, {}, 0, 0, 0, 0, 0, 0)

    assert b"beliefgrid_rate_limited_total 1.0" in one.text(totals, 0)
    assert b"beliefgrid_rate_limited_total 0.0" in other.text(totals, 0)


def known_names() -> set[str]:
    """Return the names of all our series, as they appear in queries."""
    names = set()
    for family in Metrics().registry.collect():
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return {name for name in names if name.startswith("beliefgrid_")}


def test_the_grafana_dashboard_asks_for_what_there_is() -> None:
    """Every name in its queries is one of ours, and every one of ours is shown."""
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [
        target["expr"] for panel in document["panels"] for target in panel.get("targets", ())
    ]
    asked = {name for query in queries for name in NAME.findall(query)}
    base = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}

    assert asked <= known_names()
    assert base >= {re.sub(r"_(bucket|sum|count)$", "", name) for name in known_names()}


def test_the_documentation_lists_every_metric() -> None:
    """docs/how-to/operate.md names each one, and no other."""
    text = Path("docs/how-to/operate.md").read_text(encoding="utf-8")
    table = text.partition("## Metrics")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `(beliefgrid_[a-z_]+)`", table, re.MULTILINE))
    base = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known_names()}

    assert listed == base
