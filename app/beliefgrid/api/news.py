"""Which studies moved, as one stream over all of them, or some: what a browser's pages follow."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Header, Query
from fastapi.responses import StreamingResponse

from beliefgrid.actions import read
from beliefgrid.actions.errors import ActionError
from beliefgrid.actions.service import Service
from beliefgrid.actions.views import Moved
from beliefgrid.api import events
from beliefgrid.api.caller import Anyone
from beliefgrid.api.described import problems
from beliefgrid.api.events import CountedStream, Streams, streams_of
from beliefgrid.api.route import router as new_router
from beliefgrid.api.texts import MOST_INTEGER

ALL = ""  # the study that these streams are counted under
PAUSE_S = 0.3  # between two answers: what moves meanwhile is told once
MOST_NAMED = 100
MOST = 10_000  # studies that are told at once; who was away for longer loads the list again
OVERLAP = timedelta(seconds=5)  # in which a change may commit after one that began later
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

router = new_router("events")


@router.get(
    "/events",
    operation_id="stream_news",
    response_class=StreamingResponse,
    responses=problems(429)
    | {
        200: {
            "description": "Server-sent events, each `moved`: a study, and its newest event.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 1764045000123456\nevent: moved\ndata: {"study": "st_019abc", '
                    '"seq": 12, "snapshot_seq": 11, "state": "active"}\n\n',
                }
            },
        }
    },
)
async def stream_news(
    caller: Anyone,
    after: Annotated[int | None, Query(ge=0, le=MOST_INTEGER)] = None,
    study: Annotated[list[str] | None, Query(max_length=MOST_NAMED)] = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> StreamingResponse:
    """Stream which studies move, all or those that are named, from now on; `Last-Event-ID` resumes.

    Each study is told at most three times a second, with its newest event only. What lies a few
    seconds before `after` may be told again. A token for one study hears of that one only.
    """
    streams = streams_of(caller.request)
    told = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    now = caller.service.clock()
    since = now if told is None else min(now, EPOCH + min(told, _micros(now)) * MICROSECOND)
    own = caller.principal.study_id
    only = study if own is None else [one for one in study or [own] if one == own]
    texts = _texts(caller.service, streams, since, only=only)
    return CountedStream(texts, streams, caller.request.state.caller, ALL)


async def _texts(
    service: Service, streams: Streams, since: datetime, *, only: Sequence[str] | None
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + events.LONGEST_S
    told: dict[str, int] = {}
    try:
        yield "retry: 2000\n\n"
        with service.announcements.listen(*([None] if only is None else only)) as news:
            while not streams.is_closing and loop.time() < deadline:
                found = await service.read(read.moved, since - OVERLAP, limit=MOST, only=only)
                for one in found:
                    if told.get(one.study) != one.seq:
                        yield _text(one)
                    told[one.study] = one.seq
                # Never ahead of the clock, which may be set back.
                newest = found[-1].updated_at if found else since
                since = min(max(since, newest), service.clock())
                await asyncio.sleep(PAUSE_S)
                if not await news.wait(events.PING_S):
                    yield ": ping\n\n"
    except (ActionError, asyncio.CancelledError):
        return  # the database is away: the reader connects again and is told


def _text(moved: Moved) -> str:
    data = {name: getattr(moved, name) for name in ("study", "seq", "snapshot_seq", "state")}
    return f"id: {_micros(moved.updated_at)}\nevent: moved\ndata: {json.dumps(data)}\n\n"


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
