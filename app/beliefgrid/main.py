"""The one place where everything is wired. Nothing happens on import; the lifespan does it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from fastapi import FastAPI
from starlette.middleware import Middleware

from beliefgrid import __version__, api, dashboard, trouble
from beliefgrid.actions.clock import Clock, utc_now
from beliefgrid.actions.compute import Compute
from beliefgrid.actions.leases import LeaseRules
from beliefgrid.actions.service import Service, open_service
from beliefgrid.actions.tokens import count_usable
from beliefgrid.api.events import Streams
from beliefgrid.api.requests import StudyIn, StudyPatch
from beliefgrid.api.short_way import ShortWay
from beliefgrid.api.trial_requests import TrialPatch
from beliefgrid.jobs import delivering, sweeping, updating
from beliefgrid.metrics import Metrics
from beliefgrid.security import login
from beliefgrid.security.gate import Gate
from beliefgrid.security.identity import Doorman
from beliefgrid.settings import Settings
from beliefgrid.storage import schema
from beliefgrid.telemetry import Telemetry, open_telemetry


class StartError(Exception):
    """The service cannot start as it is set up; the message says what to do."""


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = utc_now,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """Return the application; its database is opened when it starts and closed when it stops."""
    settings = settings or Settings.from_environment()
    telemetry = telemetry or open_telemetry(settings.telemetry)
    # Spans of requests are made on the long way.
    inner = () if telemetry.is_on else (Middleware(ShortWay),)
    app = _bare_app(settings, clock, telemetry, inner)
    api.install(app)
    app.include_router(login.router)
    # Forms are checked by the rules of the REST API.
    bodies = dashboard.Bodies(
        StudyIn.model_validate, StudyPatch.model_validate, TrialPatch.model_validate
    )
    dashboard.install(app, bodies)
    return app


def create_worker_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """Return an application that computes posteriors, and only tells how it is."""
    settings = replace(settings, updates="on")
    app = _bare_app(settings, clock, open_telemetry(settings.telemetry))
    app.state.needs_token_to_start = False  # without one it tells its numbers to nobody
    api.install_watching(app)
    return app


def _bare_app(
    settings: Settings, clock: Clock, telemetry: Telemetry, inner: tuple[Middleware, ...] = ()
) -> FastAPI:
    doorman = Doorman(token_required=settings.token_required, most_wrong=settings.wrong_tokens)
    metrics = Metrics()
    gate = Middleware(Gate, settings=settings, doorman=doorman, metrics=metrics)
    app = FastAPI(
        title="beliefgrid",
        summary="Bayesian search over a grid, with a posterior you can watch.",
        version=__version__,
        openapi_url=None,  # ours needs a token where one is mandatory, and so do the docs
        docs_url=None,  # they would load scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
        telemetry=telemetry.of_requests(),
        middleware=[gate, *inner],
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.doorman = doorman
    app.state.streams = Streams()
    app.state.metrics = metrics
    app.state.telemetry = telemetry
    app.state.needs_token_to_start = settings.token_required
    trouble.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    try:
        service = await _started(app)
    except Exception as error:
        app.state.start_error = error  # for the command line, which says it in one sentence
        raise
    app.state.service = service
    try:
        yield
    finally:
        app.state.streams.close(service.announcements)
        service.begin_end()
        await service.stop()
        await asyncio.to_thread(app.state.telemetry.stop)


async def _started(app: FastAPI) -> Service:
    state = app.state
    settings: Settings = state.settings
    service = await asyncio.to_thread(
        open_ready, settings, state.clock, state.metrics, state.telemetry
    )
    state.telemetry.start()
    try:
        if state.needs_token_to_start:
            await _require_token(service, settings)
        await service.start()
    except BaseException:
        await service.stop()
        raise
    return service


def open_ready(
    settings: Settings,
    clock: Clock = utc_now,
    metrics: Metrics | None = None,
    telemetry: Telemetry | None = None,
) -> Service:
    """Open the database that the settings name, its tables up to date.

    A SQLite file is brought up to date here; a Postgres database, which others may be using,
    only by `beliefgrid migrate`.

    Raises:
        SchemaError: the tables are not those of this release.
        DatabaseInUseError: another process serves this SQLite file.
    """
    updates = [] if settings.updates == "off" else [updating(settings.workers_processes)]
    any_address = settings.webhooks == "any"
    outbox = [] if settings.webhooks == "off" else [delivering(any_address=any_address)]
    service = open_service(
        settings.database_url,
        compute=Compute(settings.workers_processes, settings.compute_seconds),
        rules=LeaseRules(
            seconds=settings.lease_seconds,
            hard_deadline_seconds=settings.hard_deadline_seconds,
        ),
        restart_grace=timedelta(seconds=settings.restart_grace_seconds),
        clock=clock,
        metrics=metrics,
        telemetry=telemetry,
        secret_key=settings.secret_key,
        jobs=(*updates, *outbox, sweeping(settings.sweep_seconds)),
    )
    try:
        _bring_up_to_date(service, settings.database_url)
    except BaseException:
        service.database.close()
        raise
    return service


def _bring_up_to_date(service: Service, url: str) -> None:
    if schema.is_current(service.database.engine):
        return
    from beliefgrid.storage import migrate  # alembic, which a start without changes does without

    if service.database.url.get_backend_name() == "sqlite":
        migrate.upgrade(url)
    migrate.check(service.database.engine)


async def _require_token(service: Service, settings: Settings) -> None:
    if await service.read(count_usable, service.clock()) == 0:
        raise StartError(
            f"expected a token, because {settings.host} can be reached from other machines and "
            "there is none yet; make one with\n"
            "    beliefgrid token create --name admin --scope admin\n"
            "or listen on 127.0.0.1"
        )
