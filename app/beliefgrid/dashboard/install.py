"""The dashboard's routes and static files, put into an application."""

from fastapi import APIRouter, Depends, FastAPI

from beliefgrid.assets import static_dir
from beliefgrid.dashboard import charts
from beliefgrid.dashboard.bodies import Bodies
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
    pages = APIRouter(include_in_schema=False, dependencies=[Depends(guard)])
    for page in PAGES:
        pages.include_router(page.router)
    pages.include_router(charts.router)
    app.include_router(pages)
    app.mount("/static", PrecompressedStatic(directory=static_dir()), name="static")
