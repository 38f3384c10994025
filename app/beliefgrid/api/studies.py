"""Studies: create, list, read, change, delete, restore."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from beliefgrid.actions import create, manage, read
from beliefgrid.actions.views import StudyView
from beliefgrid.api.answers import StudiesOut, StudyOut
from beliefgrid.api.caller import (
    Anyone,
    Caller,
    Creator,
    Cursor,
    IfMatch,
    Key,
    Reader,
    Writer,
    answered,
    etag,
    id_in,
    rendered,
    version_in,
)
from beliefgrid.api.described import problems
from beliefgrid.api.requests import PriorPut, StudyIn, StudyPatch
from beliefgrid.api.route import router as new_router

router = new_router("studies")
State = Literal["active", "paused", "converged", "exhausted", "archived"]


@router.post(
    "/studies",
    status_code=201,
    response_model=StudyOut,
    operation_id="create_study",
    responses=problems(body=True),
)
async def create_study(caller: Creator, body: StudyIn, key: Key = None) -> Response:
    """Create a study; it is active at once."""
    answer = await caller.service.write_once(
        await caller.once(key),
        rendered(201, StudyOut),
        create.create_study,
        definition=body.definition(),
        name=body.name,
        notes=body.notes,
        tags=body.tags,
        actor=caller.actor,
    )
    response = answered(answer)
    root = caller.request.scope.get("root_path", "")
    response.headers["Location"] = f"{root}/api/v1/studies/{id_in(response)}"
    return response


@router.get(
    "/studies", response_model=StudiesOut, operation_id="list_studies", responses=problems()
)
async def list_studies(
    caller: Anyone,
    state: State | None = None,
    q: Annotated[str, Query(max_length=200, description="Part of a name or tag, or an id.")] = "",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> StudiesOut:
    """List the studies, newest first."""
    if caller.principal.study_id is not None:  # a token for one study sees that one
        view = await caller.service.read(read.study, caller.principal.study_id)
        return StudiesOut(items=[StudyOut.of(view)], next_cursor=None)
    page = await caller.service.read(
        read.studies, state=state, q=_storable(q), cursor=cursor, limit=limit
    )
    return StudiesOut.of(page)


@router.get(
    "/studies/{study}",
    response_model=StudyOut,
    operation_id="get_study",
    responses=problems(404),
)
async def get_study(caller: Reader, response: Response) -> StudyOut:
    """Read a study."""
    return _out(await caller.read(read.study), response)


@router.patch(
    "/studies/{study}",
    response_model=StudyOut,
    operation_id="change_study",
    responses=problems(404, 409, 412, body=True),
)
async def change_study(
    caller: Writer, body: StudyPatch, response: Response, if_match: IfMatch = None
) -> StudyOut:
    """Change a study's name, notes, tags, levels, budget, stopping rule or state."""
    view = await _write(
        caller, manage.patch_study, changes=body.changes(), if_version=version_in(if_match)
    )
    return _out(view, response)


@router.delete(
    "/studies/{study}",
    status_code=204,
    operation_id="delete_study",
    responses=problems(404),
)
async def delete_study(caller: Writer) -> Response:
    """Take a study out of every list; `:restore` takes that back."""
    await caller.service.write(manage.delete_study, caller.study_id, actor=caller.actor)
    return Response(status_code=204)


@router.post(
    "/studies/{study}:restore",
    response_model=StudyOut,
    operation_id="restore_study",
    responses=problems(404),
)
async def restore_study(caller: Writer, key: Key = None) -> Response:
    """Take back a deletion."""
    return await caller.write(
        key, rendered(200, StudyOut), manage.restore_study, actor=caller.actor
    )


@router.put(
    "/studies/{study}/prior",
    response_model=StudyOut,
    operation_id="set_prior",
    responses=problems(404, 412, body=True),
)
async def set_prior(
    caller: Writer, body: PriorPut, response: Response, if_match: IfMatch = None
) -> StudyOut:
    """Replace the prior; the posterior follows as if it had been the prior all along."""
    view = await _write(
        caller, manage.set_prior, prior=body.definition(), if_version=version_in(if_match)
    )
    return _out(view, response)


async def _write(caller: Caller, action: Callable[..., StudyView], **arguments: Any) -> StudyView:
    return await caller.service.write(action, caller.study_id, actor=caller.actor, **arguments)


def _out(view: StudyView, response: Response) -> StudyOut:
    response.headers["ETag"] = etag(view.version)
    return StudyOut.of(view)


def _storable(q: str) -> str:
    return "".join(character for character in q if character.isprintable())
