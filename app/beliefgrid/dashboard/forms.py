"""The form of a new study and the definition that it stands for: either from the other."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beliefgrid.dashboard.numbers import address_level

MOST_ROWS = 16
FIRST_ROWS = 3
KINDS = ("linear", "log", "rank", "categorical")
STRATEGIES = ("bayes", "grid", "random")
LIKELIHOODS = ("gp", "inverse_loss", "boltzmann")
NOISES = ("none", "some", "high")
GOALS = ("minimize", "maximize")
_RANGE = re.compile(r"^\s*(\S+)\s+to\s+(\S+)\s+in\s+(\d+)\s*$")
_SHOWN = {"name", "notes", "tags", "parameters", "metrics", "strategy", "noise", "budget", "seed"}


class FormError(ValueError):
    """What was typed cannot be read."""


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter as it is typed: `0.001, 0.01, 0.1` or `0.001 to 0.1 in 7`."""

    name: str = ""
    values: str = ""
    kind: str = "linear"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not self.name.strip() and not self.values.strip()


@dataclass(frozen=True, slots=True)
class StudyForm:
    """All fields as they are typed."""

    name: str = ""
    rows: Sequence[ParameterRow] = field(default_factory=lambda: [ParameterRow()] * FIRST_ROWS)
    metric: str = ""
    goal: str = "minimize"
    budget: str = ""
    strategy: str = "bayes"
    likelihood: str = "gp"
    noise: str = "some"
    tags: str = ""
    seed: str = ""
    seconds: str = ""
    rest: str = ""


def form_of(data: Mapping[str, Any]) -> StudyForm:
    """Return the fields of a sent form; what is missing is empty."""
    text = {key: str(value) for key, value in data.items()}
    rows = [
        ParameterRow(
            text.get(f"p{i}.name", ""),
            text.get(f"p{i}.values", ""),
            _one_of(text.get(f"p{i}.kind"), KINDS),
        )
        for i in range(MOST_ROWS)
        if f"p{i}.name" in text
    ]
    return StudyForm(
        name=text.get("name", ""),
        rows=rows or [ParameterRow()] * FIRST_ROWS,
        metric=text.get("metric", ""),
        goal=_one_of(text.get("goal"), GOALS),
        budget=text.get("budget", ""),
        strategy=_one_of(text.get("strategy"), STRATEGIES),
        likelihood=_one_of(text.get("likelihood"), LIKELIHOODS),
        noise=_one_of(text.get("noise"), NOISES, "some"),
        tags=text.get("tags", ""),
        seed=text.get("seed", ""),
        seconds=text.get("seconds", ""),
        rest=text.get("rest", ""),
    )


def body_of(form: StudyForm) -> dict[str, Any]:
    """Return the body of the request that the form stands for.

    Raises:
        FormError: a field cannot be read; the message names it.
    """
    rows = [row for row in form.rows if not row.is_empty]
    if not rows:
        raise FormError("A study needs at least one parameter with its values.")
    if not form.metric.strip():
        raise FormError("Name the metric that workers report, for example mse.")
    strategy = {"name": form.strategy}
    if form.strategy == "bayes" and form.likelihood != LIKELIHOODS[0]:
        strategy["likelihood"] = form.likelihood
    body: dict[str, Any] = {
        "name": form.name.strip() or "untitled",
        "parameters": [_parameter(row) for row in rows],
        "metrics": [{"name": form.metric.strip(), "goal": form.goal}],
        "strategy": strategy,
        "noise": form.noise,
    }
    if form.budget.strip():
        body["budget"] = {"trials": _whole("budget", form.budget)}
    if form.seed.strip():
        body["seed"] = _whole("seed", form.seed)
    tags = [tag.strip() for tag in form.tags.split(",") if tag.strip()]
    if tags:
        body["tags"] = tags
    return body | (parse_json(form.rest) if form.rest.strip() else {})


def form_from_body(body: Mapping[str, Any]) -> StudyForm:
    """Return the form that stands for a body; what it has no field for is kept in `rest`.

    Raises:
        FormError: the body has not the shape of a study.
    """
    try:
        objective = body["metrics"][0]
        strategy = body.get("strategy") or {}
        rest = {key: value for key, value in body.items() if key not in _SHOWN}
        rest |= _beyond(body, strategy)
        return StudyForm(
            name=str(body.get("name", "")),
            rows=[_row(parameter) for parameter in body["parameters"]],
            metric=str(objective["name"]),
            goal=_one_of(objective.get("goal"), GOALS),
            budget=_text((body.get("budget") or {}).get("trials")),
            strategy=_one_of(strategy.get("name"), STRATEGIES),
            likelihood=_one_of(strategy.get("likelihood"), LIKELIHOODS),
            noise=_one_of(body.get("noise"), NOISES, "some"),
            tags=", ".join(body.get("tags") or []),
            seed=_text(body.get("seed")),
            rest=json.dumps(rest, ensure_ascii=False) if rest else "",
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise FormError(
            "The JSON is not a study: it needs `parameters` and `metrics`, both lists of objects."
        ) from error


def parse_json(text: str) -> dict[str, Any]:
    """Return the object that some JSON text stands for.

    Raises:
        FormError: it is no JSON, or no object.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise FormError(f"This is not JSON: {error}.") from error
    except RecursionError as error:
        raise FormError("This JSON is nested too deeply.") from error
    if not isinstance(found, dict):
        raise FormError("Expected a JSON object, `{…}`.")
    return found


def _beyond(body: Mapping[str, Any], strategy: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form's own fields cannot say of a body."""
    rest: dict[str, Any] = {}
    if len(body["metrics"]) > 1 or set(body["metrics"][0]) - {"name", "goal", "role"}:
        rest["metrics"] = body["metrics"]
    if set(strategy) - {"name", "likelihood"}:
        rest["strategy"] = strategy
    if set(body.get("budget") or {}) - {"trials"}:
        rest["budget"] = body["budget"]
    if body.get("notes"):
        rest["notes"] = body["notes"]
    return rest


def _row(parameter: Mapping[str, Any]) -> ParameterRow:
    kind = parameter.get("kind")
    scale = "categorical" if kind == "categorical" else parameter.get("scale") or "linear"
    if "values" in parameter:
        values = ", ".join(_typed(value) for value in parameter["values"])
    else:
        values = f"{parameter['low']} to {parameter['high']} in {parameter['levels']}"
    return ParameterRow(str(parameter["name"]), values, _one_of(scale, KINDS))


def _parameter(row: ParameterRow) -> dict[str, Any]:
    name = row.name.strip()
    if not name:
        raise FormError(f"The parameter with the values {row.values.strip()[:60]!r} has no name.")
    if row.kind == "categorical":
        return {"name": name, "kind": "categorical", "values": _values(row.values)}
    typed = {"name": name, "kind": "ordered", "scale": row.kind}
    found = _RANGE.match(row.values)
    if found:
        low, high = _number(name, found[1]), _number(name, found[2])
        return typed | {"low": low, "high": high, "levels": int(found[3])}
    values = _values(row.values)
    if not values:
        raise FormError(f"The parameter {name!r} has no values.")
    wrong = next((v for v in values if isinstance(v, (str, bool))), None)
    if wrong is not None:
        raise FormError(
            f"The values of {name!r} must be numbers on the scale {row.kind!r}, and "
            f"{address_level(wrong)[:40]!r} is none; choose `categories` for words."
        )
    return typed | {"values": values}


def _values(text: str) -> list[Any]:
    """Return typed values: all numbers, all booleans, or else all texts as they stand."""
    words = [word for part in re.split(r"[,\n]", text) if (word := part.strip())]
    found = [_value(word) for word in words]
    return (
        found if all(not isinstance(value, str) for value in found) else [_bare(w) for w in words]
    )


def _value(word: str) -> Any:
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    for read in (int, float):
        try:
            value = read(word)
        except ValueError:
            continue
        return value if math.isfinite(value) else word
    return word


def _bare(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word


def _typed(value: Any) -> str:
    """Return a value as it would be typed, so that it is read back as the same."""
    if isinstance(value, str):
        return f'"{value}"' if not isinstance(_value(value), str) else value
    return address_level(value)


def _number(name: str, word: str) -> float:
    value = _value(word)
    if isinstance(value, (str, bool)):
        raise FormError(f"The range of {name!r} needs numbers, and {word[:40]!r} is none.")
    return float(value) if not isinstance(value, int) else value


def _whole(what: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise FormError(f"The {what} must be a whole number, and {text[:40]!r} is none.") from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _one_of(given: Any, allowed: Sequence[str], otherwise: str | None = None) -> str:
    return str(given) if given in allowed else otherwise or allowed[0]
