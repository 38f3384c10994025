"""Spans tell where the time goes; without being asked nothing is made and nothing loaded."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from beliefgrid.main import create_app
from beliefgrid.settings import Settings, SettingsError
from beliefgrid.telemetry import ENDPOINTS, Telemetry, open_telemetry
from tests.api.support import Api
from tests.operation.conftest import BASE_URL
from tests.support.waiting import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
SECRET = "bg_12345678_planted-secret"  # noqa: S105 - planted, to be looked for


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Where the spans end up."""
    return InMemorySpanExporter()


@pytest.fixture
def api(sqlite_url: str, spans: InMemorySpanExporter) -> Iterator[Api]:
    """A few verbs of an application whose spans are kept."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    app = create_app(Settings(database_url=sqlite_url), telemetry=Telemetry(provider))
    with TestClient(app, base_url=BASE_URL) as client:
        yield Api(client)


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Return the finished spans of a name."""
    return [span for span in spans.get_finished_spans() if span.name == name]


def test_a_request_its_action_and_its_update_are_spans(
    api: Api, spans: InMemorySpanExporter
) -> None:
    """A request is named by its route and belongs to the caller's trace; actions lie below it."""
    study = api.study()
    asked = api.ask(study)
    path = f"/studies/{study}/trials/{asked['number']}/observation"
    api.post(path, {"value": 0.5}, **PARENT)
    wait_until(lambda: len(named(spans, "update")) >= 1)

    (request,) = named(spans, "POST /api/v1/studies/{study}/trials/{number}/observation")
    (action,) = named(spans, "write observe")
    update, compute = named(spans, "update")[-1], named(spans, "compute")[-1]

    for span in (request, action):
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == TRACE
    assert action.parent is not None
    assert (request.attributes or {})["http.response.status_code"] == 200
    assert (update.attributes or {})["beliefgrid.study"] == study
    assert compute.parent is not None


def test_no_secret_is_in_a_span(api: Api, spans: InMemorySpanExporter) -> None:
    """Neither tokens nor cookies, whatever else a request says."""
    headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"beliefgrid_session={SECRET}"}
    api.client.get("/api/v1/studies", headers=headers)

    seen = [span.to_json() for span in spans.get_finished_spans()]

    assert len(seen) >= 1
    assert SECRET not in str(seen)


@pytest.mark.parametrize(
    ("mode", "env", "is_on"),
    [
        ("auto", {}, False),
        ("auto", {ENDPOINTS[0]: "http://127.0.0.1:4318"}, True),
        ("auto", {ENDPOINTS[1]: "http://127.0.0.1:4318/v1/traces"}, True),
        ("auto", {ENDPOINTS[0]: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ("off", {ENDPOINTS[0]: "http://127.0.0.1:4318"}, False),
        ("on", {}, True),
    ],
)
def test_spans_are_made_when_asked_for(mode: str, env: dict[str, str], *, is_on: bool) -> None:
    """By the setting, or by the variable that says where to."""
    telemetry = open_telemetry(mode, env)
    telemetry.stop()

    assert telemetry.of_requests()["tracing"] is is_on
    assert telemetry.of_requests()["auto_configure"] is False


def test_a_collector_that_is_away_does_no_harm(sqlite_url: str) -> None:
    """The service works, and ends, although nobody takes its spans."""
    settings = Settings(database_url=sqlite_url, updates="off", telemetry="on")
    telemetry = open_telemetry("on", {})
    with TestClient(create_app(settings, telemetry=telemetry), base_url=BASE_URL) as client:
        assert client.get("/readyz").status_code == 200


def test_without_the_extra_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only where spans are asked for."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(SettingsError, match=r"beliefgrid\[otel\]"):
        open_telemetry("on", {})
    with Telemetry().span("nothing", study="st_1") as span:
        assert span is None


def test_nothing_of_it_is_loaded_unless_it_is_used(tmp_path: Path, sqlite_url: str) -> None:
    """A service without spans does not pay for them."""
    code = (
        "import sys; from beliefgrid.main import create_app; "
        "from beliefgrid.settings import Settings; "
        f"create_app(Settings(database_url={sqlite_url!r})); "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert done.stdout.strip() == "[]"
