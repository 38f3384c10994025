"""Numbers for Prometheus, at the root beside the health checks."""

from fastapi import APIRouter, Request, Response

from beliefgrid.actions.totals import read_totals
from beliefgrid.api.caller import principal_of
from beliefgrid.metrics import CONTENT_TYPE, Metrics

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give what was counted; a token for a single study does not open it."""
    principal_of(request).require("read")
    state = request.app.state
    found: Metrics = state.metrics
    totals = await state.service.read(read_totals, state.service.clock())
    return Response(found.text(totals, state.streams.open.total()), media_type=CONTENT_TYPE)
