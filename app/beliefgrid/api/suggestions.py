"""A worker asks for trials."""

from fastapi import Response

from beliefgrid.api.answers import SuggestionsOut
from beliefgrid.api.caller import Key, Worker, answered
from beliefgrid.api.described import problems, success
from beliefgrid.api.route import router as new_router
from beliefgrid.api.trial_requests import AskIn

router = new_router("suggestions")


@router.post(
    "/studies/{study}/suggestions",
    status_code=201,
    response_model=SuggestionsOut,
    operation_id="suggest",
    responses=problems(404, 409, body=True)
    | success(200, SuggestionsOut, "Trials that the worker already had."),
)
async def suggest(caller: Worker, body: AskIn = AskIn(), key: Key = None) -> Response:
    """Lease trials to a worker: its own open ones first, then queued ones, then the best ranked.

    An empty hand is a 409: `exhausted`, `converged`, `paused`, `archived`, or `all_leased`, which
    says when to ask again.
    """
    answer = await caller.service.ask_once(
        await caller.once(key),
        SuggestionsOut.render,
        caller.study_id,
        worker=body.worker,
        count=body.count,
        lease_seconds=body.lease_seconds,
        wait_seconds=body.wait_seconds,
    )
    return answered(answer)
