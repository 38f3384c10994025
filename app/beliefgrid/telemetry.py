"""Spans for OpenTelemetry, if somebody asks for them; else nothing is loaded and nothing is done.

Requests are FastAPI's own spans; below them are the actions of the service, and beside them its
updates. One `Telemetry` belongs to one application; the process has no provider of ours.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from beliefgrid import __version__
from beliefgrid.settings import SettingsError

if TYPE_CHECKING:  # the command line and updaters do without a web framework
    from fastapi.telemetry import TelemetryConfig

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_QUIET: AbstractContextManager[Any] = nullcontext()
_TIMEOUT_S = 3  # a collector that is away must not hold up the end of the service


class Telemetry:
    """Makes spans with a provider of OpenTelemetry; without one it does nothing."""

    def __init__(self, provider: Any = None, *, exports: bool = False) -> None:
        self._provider, self._exports = provider, exports
        self._tracer = provider and provider.get_tracer("beliefgrid", __version__)

    @property
    def is_on(self) -> bool:
        """Whether spans are made."""
        return self._provider is not None

    def span(self, name: str, **attributes: str | int) -> AbstractContextManager[Any]:
        """Return a context that is seen as one span."""
        if self._tracer is None:
            return _QUIET
        named = {f"beliefgrid.{key}": value for key, value in attributes.items()}
        found: AbstractContextManager[Any] = self._tracer.start_as_current_span(
            name, attributes=named
        )
        return found

    def of_requests(self) -> "TelemetryConfig":
        """Return what FastAPI should do about its own spans."""
        return {
            "auto_configure": False,
            "metrics": False,
            "logs": False,
            "tracing": self.is_on,
            "tracer_provider": self._provider,
        }

    def start(self) -> None:
        """Begin to send spans away."""
        if not self._exports:
            return
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = OTLPSpanExporter(timeout=_TIMEOUT_S)  # the rest is in OTEL_ variables
        self._provider.add_span_processor(BatchSpanProcessor(exporter))

    def stop(self) -> None:
        """Send what is left, and end."""
        if self._provider is not None:
            self._provider.shutdown()


def open_telemetry(mode: str, env: Mapping[str, str] = os.environ) -> Telemetry:
    """Return the spans that are asked for: `on`, `off`, or `auto`, which looks for an endpoint.

    Raises:
        SettingsError: they are asked for and OpenTelemetry is not installed.
    """
    has_endpoint = any(env.get(name) for name in ENDPOINTS)
    is_disabled = env.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if mode == "off" or is_disabled or (mode == "auto" and not has_endpoint):
        return Telemetry()
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError as error:
        raise SettingsError(
            "spans are asked for, and OpenTelemetry is not installed: pip install "
            "'beliefgrid[otel]', or set BELIEFGRID_TELEMETRY=off"
        ) from error
    name = env.get("OTEL_SERVICE_NAME") or "beliefgrid"
    resource = Resource.create({"service.name": name, "service.version": __version__})
    return Telemetry(TracerProvider(resource=resource, shutdown_on_exit=False), exports=True)
