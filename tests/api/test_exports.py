"""A study leaves as JSON or CSV and comes back the same."""

import csv
import io
from typing import Any

from tests.api.support import Api, Json


def test_an_export_can_be_imported_bit_for_bit(api: Api) -> None:
    """Definition, results and infeasible cells are the same in the copy."""
    study = api.study(name="to export", tags=["one"], notes="line\nline")
    for value in (0.1 + 0.2, 1e-300, -5.0):
        api.tell(study, api.ask(study)["number"], value)
    number = api.ask(study)["number"]
    api.post(f"/studies/{study}/trials/{number}/failure", {"kind": "infeasible", "reason": "no"})
    document = api.get(f"/studies/{study}/export")

    copy = api.post("/studies:import", document)
    again = api.get(f"/studies/{copy['id']}/export")

    assert copy["id"] != study
    for name in ("name", "parameters", "metrics", "notes", "tags", "seed", "observations"):
        assert copy[name] == document["study"][name]
    taught = [t for t in document["trials"] if t["state"] in {"completed", "infeasible"}]
    assert told(again["trials"]) == told(taught)


def told(trials: list[Json]) -> list[tuple[Any, ...]]:
    """Return what each trial taught, by cell."""
    return sorted((t["cell"], t["state"], t["value"] or 0.0, t["reason"] or "") for t in trials)


def test_a_table_is_safe_to_open_in_a_spreadsheet(api: Api) -> None:
    """A text that begins like a formula is marked as text; numbers keep every digit."""
    study = api.study(
        parameters=[{"name": "=cmd()", "kind": "categorical", "values": ["=1+1", "@x", "plain"]}]
    )
    api.post(
        f"/studies/{study}/trials",
        {"assignments": {"=cmd()": "=1+1"}, "observation": {"value": 0.1 + 0.2}},
    )

    response = api.client.get(f"/api/v1/studies/{study}/export", params={"format": "csv"})
    header, row = csv.reader(io.StringIO(response.text))

    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    assert header[-1] == "'=cmd()"
    assert row[-1] == "'=1+1"
    assert float(row[header.index("value")]) == 0.1 + 0.2


def test_a_document_that_is_no_export_is_refused(api: Api) -> None:
    """Nothing of it is stored."""
    api.problem("POST", "/studies:import", 422, "request_invalid", json={"format": "other"})
