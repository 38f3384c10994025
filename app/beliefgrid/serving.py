"""A server in this process: its port, its loop, its end."""

import asyncio
import contextlib
import signal
import socket
import sys
from dataclasses import replace
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from beliefgrid import logs
from beliefgrid.main import create_app, create_worker_app, open_ready
from beliefgrid.settings import Settings
from beliefgrid.telemetry import open_telemetry

GRACE_S = 3  # how long requests may take to finish when the server is told to stop
BACKLOG = 2048


class PortTakenError(Exception):
    """Something else listens on the port."""


class StartFailedError(Exception):
    """The application could not start; the cause says why."""


class _Server(uvicorn.Server):
    """A server that ends its event streams when it is told to stop; they would never end."""

    def end(self, _sig: int, _frame: FrameType | None) -> None:
        """Stop, also when the signal comes before or after uvicorn listens for it."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        state: Any = self.config.loaded_app.state if self.config.loaded else None
        service = getattr(state, "service", None)
        if service is not None:
            state.streams.close(service.announcements)
            service.begin_end()
        super().handle_exit(sig, frame)


def run(settings: Settings) -> None:
    """Serve until a signal says to stop.

    Raises:
        PortTakenError: something else listens there.
        StartFailedError: the application could not start.
    """
    logs.configure(settings.log_level)
    _serve(create_app(settings), settings)


def _serve(app: FastAPI, settings: Settings) -> None:
    with _bound(settings.host, settings.port) as listener:
        config = uvicorn.Config(
            app,
            lifespan="on",  # else a start that fails would pass for an app without one
            log_config=None,
            access_log=False,  # ours carry a request id and no query
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            proxy_headers=False,
            ws="none",
            backlog=BACKLOG,
        )
        server = _Server(config)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        port = listener.getsockname()[1]
        _say(f"beliefgrid is at http://{host}:{port}{settings.root_path}/")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, server.end)  # uvicorn sends itself the signal again at its end
        with contextlib.suppress(SystemExit):  # of a start that failed; we say why below
            server.run(sockets=[listener])
    error = getattr(app.state, "start_error", None)
    if error is not None:
        raise StartFailedError(str(error)) from error
    if not server.started:
        raise StartFailedError("the application could not start; the log above says why")


def run_worker(settings: Settings, port: int | None = None) -> None:
    """Compute posteriors until a signal says to stop; tell how it is if a port is given.

    Raises:
        PortTakenError: something else listens there.
        StartFailedError: the application could not start.
    """
    logs.configure(settings.log_level)
    if port is None:
        asyncio.run(_work(replace(settings, updates="on")))
    else:
        _serve(create_worker_app(settings), replace(settings, port=port))


async def _work(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    telemetry = open_telemetry(settings.telemetry)
    service = await asyncio.to_thread(open_ready, settings, telemetry=telemetry)
    telemetry.start()
    try:
        await service.start()
        _say("beliefgrid computes posteriors")
        await stopped.wait()
    finally:
        await service.stop()
        await asyncio.to_thread(telemetry.stop)


def _say(sentence: str) -> None:
    """Tell the person who started it; the log is for machines."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; give another one "
            "with --port"
        ) from error
    listener.setblocking(False)  # noqa: FBT003 - its only parameter
    return listener
