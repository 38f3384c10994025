"""All resources in one place."""

from fastapi import APIRouter, FastAPI

from beliefgrid.api import (
    beliefs,
    events,
    exports,
    health,
    reference,
    studies,
    suggestions,
    tokens,
    trials,
)

API_PREFIX = "/api/v1"


def install(app: FastAPI) -> None:
    """Add the routes of the API to an application."""
    v1 = APIRouter(prefix=API_PREFIX)
    for resource in (studies, suggestions, trials, beliefs, events, exports, tokens, reference):
        v1.include_router(resource.router)
    app.include_router(v1)
    app.include_router(health.router)
