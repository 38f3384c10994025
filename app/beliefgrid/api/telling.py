"""What a worker tells of its trial: results, measurements, that it is alive, that it gives up."""

from fastapi import Response

from beliefgrid.actions import heartbeat as beats
from beliefgrid.actions import release, tell
from beliefgrid.api.answers import HeartbeatOut, MeasuredOut, TrialOut
from beliefgrid.api.caller import Key, Trial, Worker, answered, rendered
from beliefgrid.api.described import problems
from beliefgrid.api.route import router as new_router
from beliefgrid.api.trial_requests import (
    FailureIn,
    HeartbeatIn,
    LeaseIn,
    MeasurementsIn,
    ObservationIn,
)

router = new_router("trials")


@router.post(
    "/studies/{study}/trials/{number}/observation",
    response_model=TrialOut,
    operation_id="observe",
    responses=problems(404, 409, body=True),
)
async def observe(
    caller: Worker, number: Trial, body: ObservationIn = ObservationIn(), key: Key = None
) -> Response:
    """Record the result of a trial: durable when this is answered, and counted once.

    With no value the last measurement is the result. A late result of an expired trial counts
    until its hard deadline.
    """
    answer = await caller.service.tell_once(
        await caller.once(key),
        rendered(200, TrialOut),
        caller.study_id,
        number,
        **body.given(),
        actor=caller.actor,
    )
    return answered(answer)


@router.post(
    "/studies/{study}/trials/{number}/heartbeat",
    response_model=HeartbeatOut,
    operation_id="heartbeat",
    responses=problems(404, 409, body=True),
)
async def heartbeat(
    caller: Worker, number: Trial, body: HeartbeatIn = HeartbeatIn(), key: Key = None
) -> Response:
    """Prolong a lease from now on; the answer says whether to go on."""
    render = rendered(200, HeartbeatOut)
    return await caller.write(key, render, beats.heartbeat, number=number, **body.given())


@router.post(
    "/studies/{study}/trials/{number}/measurements",
    response_model=MeasuredOut,
    operation_id="measure",
    responses=problems(404, 409, body=True),
)
async def measure(caller: Worker, number: Trial, body: MeasurementsIn, key: Key = None) -> Response:
    """Record intermediate values; the same one again changes nothing."""
    return await caller.write(
        key,
        rendered(200, MeasuredOut),
        tell.measure,
        number=number,
        measurements=body.listed(),
        lease_token=body.lease_token,
    )


@router.post(
    "/studies/{study}/trials/{number}/failure",
    response_model=TrialOut,
    operation_id="fail",
    responses=problems(404, 409, body=True),
)
async def fail(caller: Worker, number: Trial, body: FailureIn, key: Key = None) -> Response:
    """Record that a trial gave nothing: the machine's fault, or the combination's."""
    return await caller.write(
        key,
        rendered(200, TrialOut),
        tell.fail,
        number=number,
        kind=body.kind,
        reason=body.reason,
        lease_token=body.lease_token,
        actor=caller.actor,
    )


@router.post(
    "/studies/{study}/trials/{number}/release",
    response_model=TrialOut,
    operation_id="release",
    responses=problems(404, 409, body=True),
)
async def release_trial(
    caller: Worker, number: Trial, body: LeaseIn = LeaseIn(), key: Key = None
) -> Response:
    """Put a trial back for the next who asks, under the same number."""
    return await caller.write(
        key,
        rendered(200, TrialOut),
        release.release,
        number=number,
        **body.given(),
        actor=caller.actor,
    )
