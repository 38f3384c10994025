"""The form of a new study stands for a body, and a body for a form."""

import pytest

from beliefgrid.dashboard import forms
from beliefgrid.dashboard.forms import ParameterRow, StudyForm

FORM = StudyForm(
    name="autoencoder",
    rows=[
        ParameterRow("rate", "0.001, 0.01, 0.1", "log"),
        ParameterRow("size", "8 to 128 in 5", "log"),
        ParameterRow("act", "relu, tanh", "categorical"),
        ParameterRow("bias", "true, false", "categorical"),
        ParameterRow(),
    ],
    metric="mse",
    budget="40",
    tags="mri, demo",
    seed="7",
)


def test_a_form_is_a_body() -> None:
    """Numbers are numbers, words are words, a range is a range, empty rows are nothing."""
    assert forms.body_of(FORM) == {
        "name": "autoencoder",
        "parameters": [
            {"name": "rate", "kind": "ordered", "scale": "log", "values": [0.001, 0.01, 0.1]},
            {"name": "size", "kind": "ordered", "scale": "log", "low": 8, "high": 128, "levels": 5},
            {"name": "act", "kind": "categorical", "values": ["relu", "tanh"]},
            {"name": "bias", "kind": "categorical", "values": [True, False]},
        ],
        "metrics": [{"name": "mse", "goal": "minimize"}],
        "strategy": {"name": "bayes"},
        "noise": "some",
        "budget": {"trials": 40},
        "seed": 7,
        "tags": ["mri", "demo"],
    }


def test_form_and_body_are_the_same_either_way() -> None:
    """From the form to JSON and back nothing is lost."""
    body = forms.body_of(FORM)

    assert forms.body_of(forms.form_from_body(body)) == body


def test_what_the_form_cannot_show_is_kept() -> None:
    """A prior, constraints or a second metric survive an edit in the form."""
    body = forms.body_of(FORM) | {
        "prior": {"axes": {"rate": [1, 2, 1]}},
        "strategy": {"name": "bayes", "acquisition": "thompson"},
        "stopping": {"regret": 0.01},
        "notes": "a note",
    }

    assert forms.body_of(forms.form_from_body(body)) == body


def test_words_that_look_like_numbers_stay_words() -> None:
    """A category "16" is not the number 16."""
    body = forms.body_of(FORM) | {
        "parameters": [{"name": "a", "kind": "categorical", "values": ["16", "relu"]}]
    }

    assert forms.body_of(forms.form_from_body(body))["parameters"] == body["parameters"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (StudyForm(metric="mse"), "at least one parameter"),
        (StudyForm(rows=[ParameterRow("a", "1, 2")]), "Name the metric"),
        (StudyForm(rows=[ParameterRow("", "1, 2")], metric="m"), "has no name"),
        (StudyForm(rows=[ParameterRow("a", "")], metric="m"), "'a' has no values"),
        (StudyForm(rows=[ParameterRow("a", "1, x")], metric="m"), "choose `categories`"),
        (StudyForm(rows=[ParameterRow("a", "x to 2 in 3")], metric="m"), "needs numbers"),
        (StudyForm(rows=[ParameterRow("a", "1, 2")], metric="m", budget="x"), "whole number"),
        (StudyForm(rows=[ParameterRow("a", "1, 2")], metric="m", rest="[]"), "JSON object"),
    ],
)
def test_what_cannot_be_read_is_named(form: StudyForm, says: str) -> None:
    """The message names the field and what is wrong with it."""
    with pytest.raises(forms.FormError, match=says):
        forms.body_of(form)


@pytest.mark.parametrize("text", ["{", '{"a": NaN}', "[1]", "[" * 100_000])
def test_bad_json_is_refused(text: str) -> None:
    """JSON that is none, that has no object or no end, is refused in a sentence."""
    with pytest.raises(forms.FormError):
        forms.parse_json(text)


@pytest.mark.parametrize(
    "body", [{}, {"metrics": []}, {"metrics": [{"name": "m"}], "parameters": [1]}]
)
def test_a_body_of_another_shape_is_no_study(body: dict[str, object]) -> None:
    """JSON that is no study is not shown as a form."""
    with pytest.raises(forms.FormError, match="not a study"):
        forms.form_from_body(body)


def test_sent_fields_are_taken_as_they_are() -> None:
    """Rows come in order; unknown choices become the usual ones."""
    form = forms.form_of(
        {
            "name": "a",
            "p0.name": "x",
            "p0.values": "1, 2",
            "p0.kind": "log",
            "p1.name": "y",
            "goal": "up",
        }
    )

    assert form.rows == [ParameterRow("x", "1, 2", "log"), ParameterRow("y", "", "linear")]
    assert form.goal == "minimize"
    assert len(forms.form_of({}).rows) == forms.FIRST_ROWS
