"""Results from a spreadsheet, and the same done with many trials at once."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.results_csv import read_results
from tests.api.support import Api
from tests.dashboard.test_changes import Forms

AXES: list[dict[str, Any]] = [
    {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1]},
    {"name": "act", "kind": "categorical", "values": ["relu", "8"]},
]
CSV = "\ufeffact;rate;note;mse;stddev\nrelu;1e-2;x;0.5;0.1\n8;0.02;y;0.25;\nrelu;0.1;z;;\n"


@pytest.fixture
def forms(app_client: TestClient) -> Forms:
    """A browser without scripts."""
    return Forms(app_client)


def test_a_spreadsheet_is_read() -> None:
    """Whatever separates its columns; levels are the study's own values."""
    table = read_results(CSV, AXES, "mse")

    assert table.rows == [
        {"assignments": {"rate": 0.01, "act": "relu"}, "value": 0.5, "stddev": 0.1},
        {"assignments": {"rate": 0.02, "act": "8"}, "value": 0.25},
    ]
    assert (table.without_value, table.ignored) == (1, ["note"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "rate, act"),
        ("rate,mse\n1,2", "called act"),
        ("rate,act,loss\n1,relu,2", "called mse"),
        ("rate,act,mse\n1,relu,many", "Line 2: mse must be a number"),
        ("rate,act,mse\n1,relu,NaN", "Line 2: mse must be a number"),
        ("rate,act,mse\nfast,relu,1", "Line 2: rate must be a number"),
        ("rate,act,mse\n1\n", "no line with a result"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, says: str) -> None:
    """By its line and column."""
    with pytest.raises(FormError, match=says):
        read_results(text, AXES, "mse")


def test_an_import_is_looked_at_before_it_is_stored(forms: Forms, api: Api) -> None:
    """First what would happen, then all of it."""
    study = api.study(parameters=AXES)
    path = f"/studies/{study}/import"

    status, text, _ = forms.send(path, csv=CSV, wish="check")

    assert (status, "2 results would be stored, 1 of them on the grid" in text) == (200, True)
    assert "1 line without a result" in text
    assert api.get(f"/studies/{study}")["observations"] == 0
    assert forms.send(path, csv=CSV, wish="import")[0] == 303
    assert api.get(f"/studies/{study}")["observations"] == 2
    status, text, _ = forms.send(path, csv="rate\n1", wish="check")
    assert (status, 'role="alert"' in text) == (422, True)


def test_many_trials_are_ended_at_once(forms: Forms, api: Api) -> None:
    """Those that are past it stay as they are, and the page says how many."""
    study = api.study()
    path = f"/studies/{study}/trials"
    held = [api.ask(study, worker=f"w{i}")["number"] for i in range(4)]
    api.post(f"{path}/{held[0]}/observation", {"value": 1.0})

    status, _, location = send(forms, path, held[:2], "stop")

    assert status == 303
    text = forms.client.get(location).text
    assert "Done with 1 trial. 1 trial had ended before" in text
    assert send(forms, path, held[2:3], "release")[0] == 303
    assert send(forms, path, held[3:], "fail")[0] == 303
    states = [api.get(f"{path}/{number}")["state"] for number in held]
    assert states == ["completed", "cancelled", "queued", "failed"]
    assert send(forms, path, held[3:], "nonsense")[0] == 422


def send(forms: Forms, path: str, numbers: list[int], wish: str) -> tuple[int, str, str]:
    """Tick some trials and press a button."""
    return forms.send(path, number=[str(n) for n in numbers], wish=wish)  # type: ignore[arg-type]  # a field that is sent more than once
