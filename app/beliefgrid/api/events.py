"""A study's events as a stream, in the order in which they were committed."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from beliefgrid.actions import read
from beliefgrid.actions.announcements import Announcements
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.service import Service
from beliefgrid.actions.views import EventView
from beliefgrid.api.caller import Reader
from beliefgrid.api.described import problems
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.route import router as new_router
from beliefgrid.api.texts import MOST_INTEGER

PING_S = 15.0
LONGEST_S = 300.0  # then the reader connects again, and must still be allowed to
PAGE = 500
MOST_STREAMS = 1000
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # nginx must not buffer it

router = new_router("events")
Held = tuple[Counter[str], str]  # how many are open, and whose or what study's


class Streams:
    """The streams that are open, so that a server that stops can end them."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()  # by study
        self.held: Counter[str] = Counter()  # by caller
        self.is_closing = False

    def close(self, announcements: Announcements) -> None:
        """End every stream; browsers connect again by themselves."""
        self.is_closing = True
        announcements.wake_all()


@router.get(
    "/studies/{study}/events",
    operation_id="stream_events",
    response_class=StreamingResponse,
    responses=problems(404, 429)
    | {
        200: {
            "description": "Server-sent events: `event` is the kind, `id` the seq, `data` JSON.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 2\nevent: trial_leased\ndata: {"seq": 2, "trial": 1}\n\n',
                }
            },
        }
    },
)
async def stream_events(
    caller: Reader,
    after: Annotated[int, Query(ge=0, le=MOST_INTEGER)] = 0,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> StreamingResponse:
    """Stream what happened after an event, then what happens. `Last-Event-ID` resumes."""
    streams = streams_of(caller.request)
    who = caller.request.state.caller
    study = await caller.read(read.study)
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    texts = _texts(caller.service, streams, study.id, seen, newest=study.seq)
    return CountedStream(texts, streams, who, study.id)


def _require_room(opened: Held, held: Held, most: int) -> None:
    if held[0][held[1]] >= most or opened[0].total() >= MOST_STREAMS:
        raise RefusedError(
            429,
            "too_many_streams",
            f"expected at most {most} open streams with one token, {MOST_STREAMS} in one server; "
            "close some",
            {"Retry-After": "5"},
        )


def streams_of(request: Request) -> Streams:
    """Return the open streams of this application."""
    streams: Streams = request.app.state.streams
    return streams


class CountedStream(StreamingResponse):
    """A stream that is counted for as long as it is open, however it ends."""

    def __init__(self, texts: AsyncIterator[str], streams: Streams, who: str, study: str) -> None:
        super().__init__(texts, media_type="text/event-stream", headers=HEADERS)
        self._counters = ((streams.open, study), (streams.held, who))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the stream; counted at once, or many that come together would all find room."""
        _require_room(*self._counters, scope["app"].state.settings.streams_per_token)
        for counter, key in self._counters:
            counter[key] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            for counter, key in self._counters:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]


async def _texts(
    service: Service, streams: Streams, study_id: str, seen: int, *, newest: int
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST_S
    try:
        yield "retry: 2000\n\n"
        if seen > newest:  # the database was put back: what the reader has seen never happened
            seen = newest
            yield f"id: {seen}\nevent: reset\ndata: {{}}\n\n"
        with service.announcements.listen(study_id) as news:
            while not streams.is_closing and loop.time() < deadline:
                found = await service.read(read.events, study_id, after=seen, limit=PAGE)
                for event in found:
                    seen = event.seq
                    yield _text(event)
                if len(found) < PAGE and not await news.wait(PING_S):
                    yield ": ping\n\n"
    except (ActionError, asyncio.CancelledError):
        return  # deleted, or the database is away: the reader connects again and is told


def _text(event: EventView) -> str:
    data = {
        "seq": event.seq,
        "kind": event.kind,
        "trial": event.trial,
        "actor": event.actor,
        "data": {k: v for k, v in event.data.items() if k not in _LONG},
        "created_at": event.created_at.isoformat(),
    }
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {json.dumps(data)}\n\n"


# What only a rebuild needs; a page fetches what it shows.
_LONG = frozenset({"theta", "pending", "prior"})
