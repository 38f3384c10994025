"""Whether the service is alive, and whether it can work."""

from fastapi import APIRouter, Request, Response

from beliefgrid.actions.errors import ActionError

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> dict[str, str]:
    """Say whether the database answers and takes changes; 503 if not."""
    state = request.app.state
    try:
        await state.service.require_ready(state.settings.least_free_bytes)
    except ActionError as error:
        response.status_code = 503
        return {"status": "not ready", "reason": str(error)}
    if not state.service.is_running:
        response.status_code = 503
        return {"status": "not ready", "reason": "a job of this service has ended"}
    return {"status": "ready"}
