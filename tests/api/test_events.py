"""Events come as a stream that can be cut anywhere and goes on where it was."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.api.support import STUDY
from tests.support.server import Server

Event = dict[str, Any]


@pytest.fixture
def study(server_url: str) -> str:
    """A study on a real server."""
    return create(server_url)


def create(url: str) -> str:
    """Create a study; its id."""
    return str(httpx2.post(f"{url}/api/v1/studies", json=STUDY).json()["id"])


@contextmanager
def stream(url: str, study: str, **headers: str) -> Iterator[Iterator[Event]]:
    """Open the stream of a study's events."""
    address = f"{url}/api/v1/studies/{study}/events"
    with httpx2.stream("GET", address, headers=headers, timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield parsed(response.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Yield the events of a stream."""
    event: Event = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in {"id", "event", "data"}:
            event[name] = value
        elif not line and "event" in event:
            yield event
            event = {}


def import_results(url: str, study: str, count: int) -> None:
    """Make something happen."""
    for number in range(count):
        httpx2.post(
            f"{url}/api/v1/studies/{study}/trials",
            json={
                "assignments": {"learning_rate": 0.01, "latent_dim": 8},
                "observation": {"value": number},
            },
        ).raise_for_status()


def test_events_come_as_they_happen_each_with_its_number(server_url: str, study: str) -> None:
    """What was before is sent first, then what comes; none is missing and none comes twice."""
    with stream(server_url, study) as events:
        first = next(events)
        import_results(server_url, study, 3)
        rest = [next(events) for _ in range(3)]

    assert first["event"] == "study_created"
    numbers = [int(event["id"]) for event in (first, *rest)]
    assert numbers == list(range(1, 5))
    assert {"trial_imported"} <= {event["event"] for event in rest}
    assert json.loads(rest[0]["data"])["seq"] == numbers[1]


def test_a_stream_goes_on_after_the_last_event_that_was_seen(server_url: str, study: str) -> None:
    """Cut at any event, the rest is what a whole stream would have had."""
    import_results(server_url, study, 4)
    with stream(server_url, study) as events:
        whole = [next(events) for _ in range(5)]

    for cut in range(4):
        with stream(server_url, study, **{"Last-Event-ID": whole[cut]["id"]}) as events:
            assert next(events) == whole[cut + 1]


def test_who_has_seen_more_than_there_is_starts_over(server_url: str, study: str) -> None:
    """The database was put back: a reset says so."""
    with stream(server_url, study, **{"Last-Event-ID": "999"}) as events:
        assert next(events)["event"] == "reset"


def test_an_unknown_study_has_no_stream(server_url: str) -> None:
    """404, not an empty stream."""
    response = httpx2.get(f"{server_url}/api/v1/studies/st_none/events")

    assert response.status_code == 404


def test_a_server_that_stops_ends_its_streams(server: Server) -> None:
    """SIGTERM is obeyed at once, however many pages are open."""
    study = create(server.url)
    with stream(server.url, study) as events:
        next(events)
        began = time.monotonic()
        server.process.terminate()
        code = server.process.wait(timeout=20)
        took = time.monotonic() - began
        list(events)

    assert code == 0
    assert took < 10  # seconds on a busy machine; streams alone would keep it for ever


# ---------------------------------------------------------------- all studies in one stream
@contextmanager
def news(url: str, **headers: str) -> Iterator[Iterator[Event]]:
    """Open the stream over all studies."""
    with httpx2.stream("GET", f"{url}/api/v1/events", headers=headers, timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield parsed(response.iter_lines())


def of(study: str, events: Iterator[Event]) -> tuple[str, dict[str, Any]]:
    """Return the next that is said of a study, and its id."""
    for event in events:
        said: dict[str, Any] = json.loads(event["data"])
        if said["study"] == study:
            assert event["event"] == "moved"
            return event["id"], said
    raise AssertionError("the stream ended")


def test_one_stream_tells_which_studies_move(server_url: str, study: str) -> None:
    """Also those that are made or deleted while it is open."""
    with news(server_url) as events:
        of(study, events)
        other = create(server_url)
        born = of(other, events)[1]
        assert (born["state"], born["seq"] >= 1) == ("active", True)
        import_results(server_url, study, 1)
        assert of(study, events)[1]["seq"] >= 2
        httpx2.delete(f"{server_url}/api/v1/studies/{other}").raise_for_status()
        while (state := of(other, events)[1]["state"]) != "deleted":
            assert state == "active"  # its first posterior, perhaps


def test_the_stream_over_all_studies_resumes(server_url: str, study: str) -> None:
    """What moved while nobody listened is told, with its newest event."""
    with news(server_url) as events:
        last, before = of(study, events)
    import_results(server_url, study, 3)

    with news(server_url, **{"Last-Event-ID": last}) as events:
        _, after = of(study, events)

    assert after["seq"] >= before["seq"] + 3


def test_a_stream_of_named_studies_leaves_out_the_others(server_url: str, study: str) -> None:
    """What the pages of a browser show is told, with the event of the newest posterior."""
    quiet, other = create(server_url), create(server_url)
    address = f"{server_url}/api/v1/events"
    named = f"study={study}&study={quiet}&after=0"
    with httpx2.stream("GET", address, params=named, timeout=10) as response:
        events = parsed(response.iter_lines())
        first = {json.loads(next(events)["data"])["study"] for _ in range(2)}
        import_results(server_url, other, 1)
        import_results(server_url, study, 1)
        told = [json.loads(next(events)["data"])]
        while told[-1]["study"] != study or told[-1]["snapshot_seq"] < 2:
            told.append(json.loads(next(events)["data"]))

    assert first == {study, quiet}
    assert {said["study"] for said in told} <= first
    assert told[-1]["seq"] >= told[-1]["snapshot_seq"]


def test_a_future_that_was_taken_back_is_no_excuse(server_url: str, study: str) -> None:
    """An id from after now, as of a database that was put back, is now."""
    with news(server_url, **{"Last-Event-ID": "9" * 16}) as events:
        import_results(server_url, study, 1)

        assert of(study, events)[1]["study"] == study
