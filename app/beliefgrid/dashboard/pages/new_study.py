"""New study: a form that needs no script, and the same as JSON."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid.actions.create import create_study
from beliefgrid.actions.definitions import normalised
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.idempotency import Once
from beliefgrid.actions.views import StudyView
from beliefgrid.dashboard import forms, layout
from beliefgrid.dashboard.bodies import bodies_of, checked
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import count, level, span
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.search import SearchError

router = APIRouter()
QUESTIONS = ("What may be tried?", "What is measured?", "How many trials may it take?")
KIND_WORDS = {
    "linear": "numbers, linear",
    "log": "numbers, log",
    "rank": "numbers, by rank",
    "categorical": "categories",
}
STRATEGY_WORDS = {
    "bayes": "Bayesian: where the best may be",
    "grid": "grid: every cell in turn",
    "random": "random, without repeats",
}
LIKELIHOOD_WORDS = {
    "gp": "Gaussian process (any metric)",
    "inverse_loss": "1 / loss, as in the paper (losses above 0)",
    "boltzmann": "exp(-loss / T) (any metric)",
}
NOISE_WORDS = {"none": "none", "some": "some", "high": "high"}
MOST_SECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Preview:
    """What a definition amounts to."""

    n_cells: str
    axes: Sequence[tuple[str, str]]
    estimate: str


@dataclass(frozen=True, slots=True)
class NewStudyPage(PageContext):
    """The form of a new study, or its JSON."""

    template: ClassVar[str] = "pages/new_study.html"

    frame: layout.Frame
    lead: Lead
    action: str
    is_json: bool
    form: forms.StudyForm
    json_text: str
    problem: str
    preview: Preview | None
    nonce: str
    kinds: Mapping[str, str]
    strategies: Mapping[str, str]
    likelihoods: Mapping[str, str]
    noises: Mapping[str, str]
    goals: Sequence[str]


@router.get("/studies/new")
async def new_study(request: Request) -> Response:
    """Show an empty form."""
    page = _page(request, forms.StudyForm(), secrets.token_hex(16))
    return respond(request, replace(page, is_json=request.query_params.get("as") == "json"))


@router.post("/studies/new")
async def create(request: Request) -> Response:
    """Check what was typed, turn it into JSON or back, or create the study."""
    sent = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    wish, nonce = sent.get("wish", "check"), sent.get("nonce", "")[:64] or secrets.token_hex(16)
    page = _page(request, forms.form_of(sent), nonce)
    try:
        if wish == "more":
            rows = [*page.form.rows, forms.ParameterRow()][: forms.MOST_ROWS]
            return respond(request, replace(page, form=replace(page.form, rows=rows)))
        return await _with_body(request, page, sent, wish)
    except (forms.FormError, SearchError, ActionError) as error:
        text = sent.get("json", "")
        failed = replace(page, problem=str(error), is_json="json" in sent, json_text=text)
        return respond(request, failed, status=422)


async def _with_body(
    request: Request, page: NewStudyPage, sent: Mapping[str, str], wish: str
) -> Response:
    is_json = "json" in sent
    body = forms.parse_json(sent["json"]) if is_json else forms.body_of(page.form)
    text = json.dumps(body, indent=2, ensure_ascii=False)
    if wish == "to_json":
        return respond(request, replace(page, is_json=True, json_text=text))
    if wish == "to_form":
        return respond(request, replace(page, form=forms.form_from_body(body)))
    if wish == "create":
        return await _create(request, body, page.nonce)
    study = checked(bodies_of(request).study, body)
    preview = _preview(study.definition(), page.form.seconds)
    json_text = sent.get("json", "")
    return respond(request, replace(page, preview=preview, is_json=is_json, json_text=json_text))


async def _create(request: Request, body: Mapping[str, Any], nonce: str) -> Response:
    """Create the study once, however often the form is sent."""
    study = checked(bodies_of(request).study, body)
    fingerprint = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    answer = await request.app.state.service.write_once(
        Once(nonce, "form:new-study", fingerprint),
        _created,
        create_study,
        definition=study.definition(),
        name=study.name,
        notes=study.notes,
        tags=study.tags,
        actor=layout.state_of(request, "actor", None),
    )
    to = links_of(request).study(json.loads(answer.body)["id"])
    return Response(status_code=303, headers={"Location": to})


def _created(study: StudyView) -> tuple[int, str]:
    return 201, json.dumps({"id": study.id})


def _preview(definition: dict[str, Any], seconds: str) -> Preview:
    full, problem = normalised(definition)
    axes = [
        (parameter["name"], _levels_text(parameter["values"])) for parameter in full["parameters"]
    ]
    n_cells = problem.grid.n_cells
    budget = (full.get("budget") or {}).get("trials")
    return Preview(count(n_cells, "cell"), axes, _estimate(n_cells, budget, seconds))


def _levels_text(values: Sequence[Any]) -> str:
    texts = [level(value) for value in values]
    shown = texts if len(texts) <= 12 else [*texts[:5], "…", *texts[-3:]]  # noqa: PLR2004 - one line
    return f"{count(len(values), 'level')}: {', '.join(shown)}"


def _estimate(n_cells: int, budget: int | None, seconds: str) -> str:
    if not seconds.strip():
        return ""
    try:
        each = float(seconds)
    except ValueError as error:
        raise forms.FormError("The time of a trial must be a number of seconds.") from error
    if not 0 < each < MOST_SECONDS:
        raise forms.FormError("The time of a trial must be above 0 seconds.")
    whole = f"One worker would need {span(each * n_cells)} for every cell"
    return f"{whole}, {span(each * budget)} for the budget." if budget else f"{whole}."


def _page(request: Request, form: forms.StudyForm, nonce: str) -> NewStudyPage:
    return NewStudyPage(
        frame=layout.frame(request, "New study"),
        lead=Lead("A study is a grid of combinations, a metric, and a way to search.", QUESTIONS),
        action=links_of(request).page("/studies/new"),
        is_json=False,
        form=form,
        json_text="",
        problem="",
        preview=None,
        nonce=nonce,
        kinds=KIND_WORDS,
        strategies=STRATEGY_WORDS,
        likelihoods=LIKELIHOOD_WORDS,
        noises=NOISE_WORDS,
        goals=forms.GOALS,
    )
