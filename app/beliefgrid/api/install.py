"""All resources in one place."""

from fastapi import APIRouter, FastAPI

from beliefgrid.api import (
    beliefs,
    events,
    exports,
    health,
    news,
    reference,
    studies,
    suggestions,
    telling,
    tokens,
    trials,
    watching,
    webhooks,
)

API_PREFIX = "/api/v1"
# Routes are tried in this order: what workers send all the time comes first.
RESOURCES = (
    suggestions,
    telling,
    trials,
    studies,
    beliefs,
    events,
    news,
    exports,
    tokens,
    webhooks,
    reference,
)


def install(app: FastAPI) -> None:
    """Add the routes of the API to an application."""
    v1 = APIRouter(prefix=API_PREFIX)
    for resource in RESOURCES:
        v1.include_router(resource.router)
    app.include_router(v1)
    install_watching(app)


def install_watching(app: FastAPI) -> None:
    """Add what tells how an application is: health and numbers."""
    app.include_router(health.router)
    app.include_router(watching.router)
