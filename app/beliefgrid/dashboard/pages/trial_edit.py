"""What a person does with a trial: notes, give back, end, test again, delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, HTTPException, Request, Response

from beliefgrid.actions import read
from beliefgrid.actions.queue import queue_trial
from beliefgrid.actions.release import release, stop
from beliefgrid.actions.tell import fail
from beliefgrid.actions.trials_edit import delete_trial, patch_trial, restore_trial
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.bodies import bodies_of, checked
from beliefgrid.dashboard.forms import FormError
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.render import PageContext, respond

router = APIRouter()
REASON = "ended by a person"


@dataclass(frozen=True, slots=True)
class TrialGonePage(PageContext):
    """A trial that was just deleted, and the way back."""

    template: ClassVar[str] = "pages/trial_gone.html"

    frame: layout.Frame
    action: str
    trials_href: str


@router.post("/studies/{study_id}/trials/{trial_number}")
async def change(request: Request, study_id: str, trial_number: int) -> Response:
    """Do what the form asks for; lead to the trial that it made or changed."""
    try:
        return await _changed(request, study_id, trial_number)
    except FormError as error:
        raise HTTPException(422, str(error)) from error


async def _changed(request: Request, study_id: str, trial_number: int) -> Response:
    service, links = request.app.state.service, links_of(request)
    sent = {key: str(value) for key, value in (await request.form()).items()}
    wish, actor = sent.get("wish", ""), layout.state_of(request, "actor", None)
    if wish == "again":
        found = await service.read(read.trial, study_id, trial_number)
        made = await service.write(
            queue_trial, study_id, assignments=found.assignments, actor=actor
        )
        return _go_to(links.trial(study_id, made.number))
    if wish == "delete":
        await service.write(delete_trial, study_id, trial_number, actor=actor)
        page = TrialGonePage(
            layout.frame(request, "Deleted"),
            links.trial(study_id, trial_number),
            links.study(study_id, "trials"),
        )
        return respond(request, page)
    action, arguments = _action(request, wish, sent)
    await service.write(action, study_id, trial_number, actor=actor, **arguments)
    return _go_to(links.trial(study_id, trial_number))


def _action(
    request: Request, wish: str, sent: Mapping[str, str]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the action that a form asks for, and what it needs."""
    if wish in ("failed", "infeasible"):
        return fail, {"kind": wish, "reason": sent.get("reason", "").strip()[:1000] or REASON}
    if wish == "describe":
        tags = [tag.strip() for tag in sent.get("tags", "").split(",") if tag.strip()]
        body = checked(bodies_of(request).trial, {"notes": sent.get("notes", ""), "tags": tags})
        return patch_trial, {"changes": {"notes": body.notes, "tags": body.tags}}
    simple: dict[str, Callable[..., Any]] = {
        "release": release,
        "stop": stop,
        "restore": restore_trial,
    }
    if wish not in simple:
        raise FormError("This form is not one of ours; load the page again.")
    return simple[wish], {}


def _go_to(href: str) -> Response:
    return Response(status_code=303, headers={"Location": href})
