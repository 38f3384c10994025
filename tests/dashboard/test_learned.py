"""Importance, information and calibration: what a study has learnt, in words and numbers."""

import re
from html import escape

import pytest
from starlette.testclient import TestClient

from beliefgrid.actions.compute import ComputeError
from beliefgrid.actions.knowledge import Calibration
from beliefgrid.dashboard.numbers import number, percent
from beliefgrid.dashboard.pages import calibration
from beliefgrid.dashboard.pages.calibration import verdict
from tests.api.support import Api
from tests.dashboard.conftest import service_of, wait_for_posterior

PAGES = ("importance", "information", "calibration")


@pytest.fixture(scope="module")
def told(api: Api) -> str:
    """A study with seven results, in which one parameter makes everything."""
    study = api.study()
    for _ in range(7):
        trial = api.ask(study, wait_seconds=20)
        rate = trial["assignments"]["learning_rate"]
        api.tell(study, trial["number"], {0.001: 0.9, 0.01: 0.1, 0.1: 0.5}[rate])
    wait_for_posterior(api, study)
    return study


@pytest.fixture(scope="module")
def young(api: Api) -> str:
    """A study without a result."""
    return api.study()


def _text(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text, flags=re.ASCII)


def test_the_parameter_that_matters_is_named_first(
    app_client: TestClient, api: Api, told: str
) -> None:
    """With its share, as the REST API has it, and the range of the draws."""
    text = _text(app_client, f"/studies/{told}/importance")
    share = api.get(f"/studies/{told}/importance")["parameters"][0]["alone"]["share"]

    assert "learning_rate matters most: by itself it makes" in text
    assert f"<span>{escape(percent(share))}</span>" in text
    assert re.search(r"draws from the belief after 7 results", text)


def test_the_trial_that_taught_most_is_named(app_client: TestClient, api: Api, told: str) -> None:
    """In bits, with a way to see what moved."""
    text = _text(app_client, f"/studies/{told}/information")
    items = api.get(f"/studies/{told}/information")["items"]
    best = max(items, key=lambda item: item["bits"])

    assert f"Trial {best['trials'][0]} taught most, {best['bits']:.3g} bits" in text
    assert re.search(rf'/difference\?a=\d+&amp;b={best["seq"]}"', text)


def test_predictions_are_judged_by_what_came(app_client: TestClient, api: Api, told: str) -> None:
    """How many fell into each interval, of how many."""
    text = _text(app_client, f"/studies/{told}/calibration")
    found = api.get(f"/studies/{told}/calibration")

    held = round(found["coverage"][-1]["observed"] * found["predictions"])
    assert f"{held} of {found['predictions']}</span>" in text
    assert percent(0.95) in text


@pytest.mark.parametrize(
    ("expected", "observed", "n", "said"),
    [
        (0.95, 0.5, 7, "too few to say"),
        (0.95, 0.93, 40, "within chance"),
        (0.95, 0.7, 40, "too sure"),
        (0.5, 0.75, 40, "too cautious"),
    ],
)
def test_a_verdict_allows_for_chance(expected: float, observed: float, n: int, said: str) -> None:
    """It takes more than chance to say that a model is too sure."""
    assert verdict(expected, observed, n) == said


@pytest.mark.parametrize("name", PAGES)
def test_without_results_it_is_said_what_will_be_there(
    app_client: TestClient, young: str, name: str
) -> None:
    """No empty table and no error."""
    text = _text(app_client, f"/studies/{young}/{name}")

    assert '<p class="empty">No ' in text
    assert 'role="alert"' not in text


@pytest.mark.parametrize(
    ("page", "name", "part"),
    [
        ("", "importance", "importance"),
        ("/convergence", "information", "taught"),
        ("/convergence", "calibration", "held"),
    ],
)
def test_other_pages_hold_a_place_and_a_link(
    app_client: TestClient, told: str, page: str, name: str, part: str
) -> None:
    """The place fills itself with the part that is named; without scripts it is a link."""
    text = _text(app_client, f"/studies/{told}{page}")
    href = f"/studies/{told}/{name}"

    assert f'data-later="{href}" data-name="{part}"' in text
    assert f'<a href="{href}">Show it</a>' in text
    assert f'data-part="{part}"' in _text(app_client, f"{href}?part={part}")


def test_what_cannot_be_computed_is_said_in_its_place(
    app_client: TestClient, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays."""
    service = service_of(app_client)

    async def fail(*_: object) -> None:
        raise ComputeError("the process that computed the posterior died")

    monkeypatch.setattr(service.beliefs, "importance", fail)

    text = _text(app_client, f"/studies/{told}/importance")

    assert 'role="alert">This could not be computed: the process that computed' in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"strategy": {"likelihood": "inverse_loss"}}, "only the Gaussian process"),
        (
            {
                "parameters": [
                    {"name": n, "kind": "ordered", "values": list(range(200)), "scale": "linear"}
                    for n in "abc"
                ]
            },
            "No shares of 8,000,000 cells",
        ),
    ],
)
def test_where_nothing_can_be_divided_it_is_said_and_no_alarm(
    app_client: TestClient, api: Api, changes: dict[str, object], says: str
) -> None:
    """A likelihood without draws, a grid too large for them."""
    study = api.study(**changes)
    names = [parameter["name"] for parameter in api.get(f"/studies/{study}")["parameters"]]
    cell = {name: {"learning_rate": 0.01, "latent_dim": 8}.get(name, 7) for name in names}
    api.post(f"/studies/{study}/trials", {"assignments": cell, "observation": {"value": 0.5}})
    wait_for_posterior(api, study)

    text = _text(app_client, f"/studies/{study}/importance")

    assert says in text
    assert 'role="alert"' not in text
    assert 'role="alert"' not in _text(app_client, f"/studies/{study}/convergence")


def test_a_trial_says_what_was_expected_of_it(app_client: TestClient, api: Api, told: str) -> None:
    """The interval that was stored before the result came, and whether it held."""
    trial = api.get(f"/studies/{told}/trials/7")
    low, high = trial["explanation"]["next_value"]["interval_95"]

    text = _text(app_client, f"/studies/{told}/trials/7")

    came = "inside" if low <= trial["value"] <= high else "outside"
    assert f"{number(low, 3)} to {number(high, 3)}; it came {came}" in text


@pytest.mark.parametrize(
    ("observed", "says"),
    [
        ((0.5, 0.8, 0.95), "38 (95 %) fell into the interval that should hold 95 %: it can be"),
        ((0.4, 0.5, 0.95), "20 (50 %) fell into the interval that should hold 80 %: the model is"),
        ((0.8, 0.8, 0.95), "32 (80 %) fell into the interval that should hold 50 %: it is more"),
    ],
)
def test_the_sentence_is_about_the_interval_that_failed(
    observed: tuple[float, ...], says: str
) -> None:
    """If none did, about the widest."""
    shares = (0.5, 0.8, 0.95)
    coverage = [{"expected": e, "observed": o} for e, o in zip(shares, observed, strict=True)]
    found = Calibration(predictions=40, coverage=coverage, mean_log_score=0.0, items=[])
    rows = calibration.rows_of(found)

    assert says in calibration.sentence_of(rows, 40).replace("\N{NO-BREAK SPACE}", " ")
