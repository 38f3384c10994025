"""The dashboard's routes and static files, put into an application."""

from fastapi import APIRouter, Depends, FastAPI

from beliefgrid.assets import static_dir
from beliefgrid.dashboard import changes, charts, shades
from beliefgrid.dashboard.bodies import Bodies
from beliefgrid.dashboard.deltas import Sent
from beliefgrid.dashboard.guard import guard
from beliefgrid.dashboard.pages import (
    api,
    calibration,
    compare,
    convergence,
    difference,
    film,
    importance,
    imports,
    information,
    new_study,
    overview,
    posterior,
    prior,
    settings,
    strategies,
    studies,
    tokens,
    trial,
    trial_edit,
    trials,
    what_if,
    workers,
)
from beliefgrid.dashboard.pages import help as help_page
from beliefgrid.dashboard.precompressed import PrecompressedStatic

SENT_BYTES = 16 * 2**20  # of answers that the next ones are compared with

# In this order: `/studies/new` is no study's id.
PAGES = (
    studies,
    new_study,
    compare,
    tokens,
    help_page,
    overview,
    posterior,
    trials,
    trial,
    trial_edit,
    imports,
    convergence,
    importance,
    information,
    calibration,
    strategies,
    prior,
    what_if,
    difference,
    film,
    workers,
    api,
    settings,
)


def install(app: FastAPI, bodies: Bodies) -> None:
    """Add all pages, their feeds and the static files to an application."""
    app.state.bodies = bodies
    app.state.sent = Sent(SENT_BYTES)
    pages = APIRouter(include_in_schema=False, dependencies=[Depends(guard)])
    for page in PAGES:
        pages.include_router(page.router)
    pages.include_router(charts.router)
    pages.include_router(shades.router)
    pages.include_router(changes.router)
    app.include_router(pages)
    app.mount("/static", PrecompressedStatic(directory=static_dir()), name="static")
