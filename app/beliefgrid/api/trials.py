"""Trials: list, read, queue, import, describe, correct, stop, delete, restore."""

from typing import Annotated, Literal

from fastapi import Query, Response

from beliefgrid.actions import correct, queue, read, release, trials_edit
from beliefgrid.api.answers import (
    ImportedOut,
    MeasurementsOut,
    TrialOut,
    TrialsOut,
)
from beliefgrid.api.belief_answers import ExplanationOut
from beliefgrid.api.caller import (
    Cursor,
    IfMatch,
    Key,
    Reader,
    Trial,
    Writer,
    etag,
    rendered,
    version_in,
)
from beliefgrid.api.described import problems, success
from beliefgrid.api.route import router as new_router
from beliefgrid.api.texts import Filter
from beliefgrid.api.trial_requests import BatchIn, CorrectionIn, TrialIn, TrialPatch

router = new_router("trials")
State = Literal[
    "queued", "active", "completed", "failed", "infeasible", "stopped", "expired", "cancelled"
]


@router.get(
    "/studies/{study}/trials",
    response_model=TrialsOut,
    operation_id="list_trials",
    responses=problems(404),
)
async def list_trials(
    caller: Reader,
    state: State | None = None,
    worker: Annotated[Filter | None, Query()] = None,
    sort: Annotated[str, Query(max_length=40)] = "number",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> TrialsOut:
    """List trials, a page at a time."""
    page = await caller.read(
        read.trials, state=state, worker=worker, sort=sort, cursor=cursor or None, limit=limit
    )
    return TrialsOut.model_validate(page)


@router.post(
    "/studies/{study}/trials",
    status_code=201,
    response_model=TrialOut,
    operation_id="add_trial",
    responses=problems(404, 409, body=True),
)
async def add_trial(caller: Writer, body: TrialIn, key: Key = None) -> Response:
    """Queue a combination for the next worker, or import one with its result.

    A combination may lie off the grid, and may repeat a tested cell.
    """
    return await caller.write(
        key, rendered(201, TrialOut), queue.queue_trial, **body.given(), actor=caller.actor
    )


@router.post(
    "/studies/{study}/observations:batch",
    status_code=201,
    response_model=ImportedOut,
    operation_id="import_observations",
    responses=problems(404, 409, body=True)
    | success(200, ImportedOut, "A dry run; nothing was stored."),
)
async def import_observations(
    caller: Writer, body: BatchIn, *, dry_run: bool = False, key: Key = None
) -> Response:
    """Import up to 10,000 results, all or none; they make one update of the posterior."""
    render = rendered(200 if dry_run else 201, ImportedOut)
    return await caller.write(
        key, render, queue.import_batch, rows=body.listed(), dry_run=dry_run, actor=caller.actor
    )


@router.get(
    "/studies/{study}/trials/{number}",
    response_model=TrialOut,
    operation_id="get_trial",
    responses=problems(404),
)
async def get_trial(caller: Reader, number: Trial, response: Response) -> TrialOut:
    """Read a trial."""
    view = await caller.read(read.trial, number=number)
    response.headers["ETag"] = etag(view.version)
    return TrialOut.model_validate(view)


@router.get(
    "/studies/{study}/explain/{number}",
    response_model=ExplanationOut,
    operation_id="explain_trial",
    responses=problems(404),
)
async def explain_trial(caller: Reader, number: Trial) -> ExplanationOut:
    """Say why a trial's cell was suggested."""
    return ExplanationOut.model_validate(await caller.read(read.trial, number=number))


@router.get(
    "/studies/{study}/trials/{number}/measurements",
    response_model=MeasurementsOut,
    operation_id="list_measurements",
    responses=problems(404),
)
async def list_measurements(caller: Reader, number: Trial) -> MeasurementsOut:
    """List the intermediate values of a trial, by step."""
    return MeasurementsOut.model_validate(
        {"items": await caller.read(read.measurements, number=number)}
    )


@router.patch(
    "/studies/{study}/trials/{number}",
    response_model=TrialOut,
    operation_id="describe_trial",
    responses=problems(404, 412, body=True),
)
async def describe_trial(
    caller: Writer, number: Trial, body: TrialPatch, response: Response, if_match: IfMatch = None
) -> TrialOut:
    """Change a trial's notes and tags."""
    view = await caller.service.write(
        trials_edit.patch_trial,
        caller.study_id,
        number,
        changes=body.given(),
        if_version=version_in(if_match),
        actor=caller.actor,
    )
    response.headers["ETag"] = etag(view.version)
    return TrialOut.model_validate(view)


@router.delete(
    "/studies/{study}/trials/{number}",
    status_code=204,
    operation_id="delete_trial",
    responses=problems(404, 409),
)
async def delete_trial(caller: Writer, number: Trial) -> Response:
    """Take a trial, and what it taught, out of the study; `:restore` takes that back."""
    await caller.service.write(
        trials_edit.delete_trial, caller.study_id, number, actor=caller.actor
    )
    return Response(status_code=204)


@router.post(
    "/studies/{study}/trials/{number}:restore",
    response_model=TrialOut,
    operation_id="restore_trial",
    responses=problems(404, 409),
)
async def restore_trial(caller: Writer, number: Trial, key: Key = None) -> Response:
    """Take back a deletion."""
    return await caller.write(
        key,
        rendered(200, TrialOut),
        trials_edit.restore_trial,
        number=number,
        actor=caller.actor,
    )


@router.put(
    "/studies/{study}/trials/{number}/observation",
    response_model=TrialOut,
    operation_id="correct_observation",
    responses=problems(404, 409, 412, body=True),
)
async def correct_observation(
    caller: Writer, number: Trial, body: CorrectionIn, response: Response, if_match: IfMatch = None
) -> TrialOut:
    """Correct the result of a finished trial; the old value stays in the events."""
    view = await caller.service.write(
        correct.correct,
        caller.study_id,
        number,
        **body.given(),
        if_version=version_in(if_match),
        actor=caller.actor,
    )
    response.headers["ETag"] = etag(view.version)
    return TrialOut.model_validate(view)


@router.post(
    "/studies/{study}/trials/{number}/stop",
    response_model=TrialOut,
    operation_id="stop",
    responses=problems(404, 409),
)
async def stop_trial(caller: Writer, number: Trial, key: Key = None) -> Response:
    """End a trial early: its last measurement is its result; with none it is cancelled."""
    render = rendered(200, TrialOut)
    return await caller.write(key, render, release.stop, number=number, actor=caller.actor)
