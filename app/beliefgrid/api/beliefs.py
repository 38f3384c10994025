"""What is believed: the best cell, the stopping rule, the posterior, the snapshots."""

import json
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from beliefgrid.actions import difference as difference_of
from beliefgrid.actions import knowledge, read, workers
from beliefgrid.actions.difference import difference
from beliefgrid.actions.errors import AxisUnknownError
from beliefgrid.api.answers import WorkersOut
from beliefgrid.api.belief_answers import (
    BestOut,
    CalibrationOut,
    DifferenceOut,
    ImportanceOut,
    InformationOut,
    PosteriorOut,
    PriorOut,
    SnapshotOut,
    SnapshotsOut,
    StoppingOut,
)
from beliefgrid.api.caller import Cursor, Key, Reader, Writer
from beliefgrid.api.described import problems
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.requests import PriorPut
from beliefgrid.api.route import router as new_router
from beliefgrid.api.texts import MOST_INTEGER
from beliefgrid.api.trial_requests import WorkerIn

router = new_router("beliefs")
Layer = Literal["p_best", "mean", "sd", "acquisition", "prior", "p_feasible", "counts"]
Reduce = Literal["sum", "max", "mean", "slice"]
Seq = Annotated[int, Query(ge=0, le=MOST_INTEGER)]
At = Annotated[
    int | None,
    Query(ge=0, le=MOST_INTEGER, description="The newest snapshot not after this event."),
]
Axis = Annotated[str | None, Query(max_length=200)]
FIXED = "fix."
_OWN = frozenset({"layer", "x", "y", "reduce", "at"})


@router.get(
    "/studies/{study}/best",
    response_model=BestOut,
    operation_id="get_best",
    responses=problems(404),
)
async def get_best(caller: Reader) -> BestOut:
    """Read which cell is probably the best one; all null before the first result."""
    return BestOut.model_validate(await caller.read(read.best))


@router.get(
    "/studies/{study}/stopping",
    response_model=StoppingOut,
    operation_id="get_stopping",
    responses=problems(404),
)
async def get_stopping(caller: Reader) -> StoppingOut:
    """Read whether enough is known."""
    return StoppingOut.model_validate(await caller.read(read.stopping))


@router.get(
    "/studies/{study}/posterior",
    response_model=PosteriorOut,
    operation_id="get_posterior",
    responses=problems(404),
)
async def get_posterior(
    caller: Reader,
    layer: Layer = "p_best",
    x: Axis = None,
    y: Axis = None,
    reduce: Reduce = "sum",
    at: At = None,
) -> PosteriorOut:
    """Read a layer as a matrix, a marginal (no `y`) or a slice (`reduce=slice`).

    With neither `x` nor `y` the first two parameters are the axes. In a slice the other
    parameters are held at `&name=value`, or at their first level.
    """
    view = await caller.service.beliefs.posterior(
        caller.study_id,
        layer=layer,
        x=x,
        y=y,
        reduce=reduce,
        at=at,
        fixed=await _fixed(caller),
    )
    return PosteriorOut.model_validate(view)


@router.post(
    "/studies/{study}/prior:preview",
    response_model=PosteriorOut,
    operation_id="preview_prior",
    responses=problems(404, body=True),
)
async def preview_prior(
    caller: Reader, body: PriorPut, x: Axis = None, y: Axis = None, reduce: Reduce = "sum"
) -> PosteriorOut:
    """Show a prior as a matrix, without setting it."""
    view = await caller.read(
        difference_of.preview_prior,
        prior=body.definition(),
        x=x,
        y=y,
        reduce=reduce,
        fixed=await _fixed(caller),
    )
    return PosteriorOut.model_validate(view)


@router.get(
    "/studies/{study}/snapshots",
    response_model=SnapshotsOut,
    operation_id="list_snapshots",
    responses=problems(404),
)
async def list_snapshots(
    caller: Reader,
    after: Seq = 0,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> SnapshotsOut:
    """List the snapshots after an event, oldest first."""
    found = await caller.read(read.snapshots, after=_after(cursor) or after, limit=limit)
    is_full = len(found) == limit
    return SnapshotsOut.model_validate(
        {"items": found, "next_cursor": str(found[-1].seq) if is_full else None}
    )


@router.get(
    "/studies/{study}/snapshots/diff",
    response_model=DifferenceOut,
    operation_id="compare_snapshots",
    responses=problems(404),
)
async def compare_snapshots(caller: Reader, a: Seq, b: Seq) -> DifferenceOut:
    """Say how belief moved between two moments, and where most."""
    grid = await caller.read(difference_of.shared_grid, a=a, b=b)
    before, seq_a = await caller.service.beliefs.layers(caller.study_id, ("p_best",), a)
    after, seq_b = await caller.service.beliefs.layers(caller.study_id, ("p_best",), b)
    found = difference(grid, seq_a, seq_b, before["p_best"], after["p_best"])
    return DifferenceOut.model_validate(found)


@router.get(
    "/studies/{study}/snapshots/{seq}",
    response_model=SnapshotOut,
    operation_id="get_snapshot",
    responses=problems(404),
)
async def get_snapshot(caller: Reader, seq: int) -> SnapshotOut:
    """Read the newest snapshot not after an event."""
    if not 0 <= seq <= MOST_INTEGER:
        raise RefusedError(422, "request_invalid", "expected the number of an event")
    return SnapshotOut.model_validate(await caller.read(read.snapshot, at=seq))


@router.get(
    "/studies/{study}/importance",
    response_model=ImportanceOut,
    operation_id="get_importance",
    responses=problems(404),
)
async def get_importance(caller: Reader, at: At = None) -> ImportanceOut:
    """Read how much each parameter matters, alone and together, with 80 % bands."""
    return ImportanceOut.of(*await caller.service.beliefs.importance(caller.study_id, at))


@router.get(
    "/studies/{study}/calibration",
    response_model=CalibrationOut,
    operation_id="get_calibration",
    responses=problems(404),
)
async def get_calibration(caller: Reader) -> CalibrationOut:
    """Read how good the predictions were that were stored before the results came."""
    return CalibrationOut.model_validate(await caller.read(knowledge.calibration))


@router.get(
    "/studies/{study}/information",
    response_model=InformationOut,
    operation_id="get_information",
    responses=problems(404),
)
async def get_information(caller: Reader) -> InformationOut:
    """Read what each result taught, in bits: they sum to prior entropy less entropy now."""
    return InformationOut.model_validate(await caller.read(knowledge.information))


@router.get(
    "/studies/{study}/prior",
    response_model=PriorOut,
    operation_id="get_prior",
    responses=problems(404),
)
async def get_prior(caller: Reader) -> PriorOut:
    """Read the prior, and whether the data contradict it."""
    return PriorOut.model_validate(await caller.read(knowledge.prior))


@router.get(
    "/studies/{study}/workers",
    response_model=WorkersOut,
    operation_id="list_workers",
    responses=problems(404),
)
async def list_workers(caller: Reader) -> WorkersOut:
    """List the workers that took trials of the study."""
    return WorkersOut.model_validate({"items": await caller.read(read.workers)})


@router.post(
    "/studies/{study}/workers:release",
    status_code=204,
    operation_id="release_worker",
    responses=problems(404, body=True),
)
async def release_worker(caller: Writer, body: WorkerIn, key: Key = None) -> Response:
    """Forget the failures of a worker, because it was repaired."""
    return await caller.write(
        key, lambda _: (204, ""), workers.release_worker, worker=body.worker, actor=caller.actor
    )


async def _fixed(caller: Reader) -> dict[str, Any]:
    """Return at which levels a slice is taken, in the grid's own values."""
    query = caller.request.query_params
    texts = {name.removeprefix(FIXED): text for name, text in query.items() if name not in _OWN}
    if not texts:
        return {}
    axes = {axis["name"]: axis["values"] for axis in (await caller.read(read.study)).parameters}
    unknown = next((name for name in texts if name not in axes), None)
    if unknown is not None:
        raise AxisUnknownError(f"expected one of {', '.join(axes)}, got {unknown[:60]!r}")
    return {name: level_of(axes[name], text) for name, text in texts.items()}


def level_of(values: list[Any], text: str) -> Any:
    """Return the level that a text in an address stands for: as in JSON, without quotes.

    A text that stands for none is returned as it is; the engine says what it expected.
    """
    for value in values:
        spelled = value if isinstance(value, str) else json.dumps(value)
        if text == spelled or (not isinstance(value, str | bool) and _number(text) == value):
            return value
    return text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _after(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < len(str(MOST_INTEGER))):
        raise RefusedError(400, "cursor_invalid", "expected the next_cursor of the page before")
    return int(cursor)
