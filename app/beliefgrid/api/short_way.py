"""The short way to the two routes that workers send all the time: ask, and tell a result.

Finding a route, its dependencies and its parameters among all others costs more than the work
itself. A request that is as usual is handed straight to the same functions that the router would
call; whatever is unusual about one, a mistake above all, takes the long way and is answered there.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError
from starlette.responses import Response

from beliefgrid.actions.errors import ActionError
from beliefgrid.api import problems, strict_json
from beliefgrid.api.caller import MOST_KEY, Caller, may
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.requests import Body
from beliefgrid.api.route import StrictRequest
from beliefgrid.api.suggestions import suggest
from beliefgrid.api.telling import observe
from beliefgrid.api.trial_requests import AskIn, ObservationIn
from beliefgrid.search import SearchError

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATHS = re.compile(
    r"/api/v1/studies/(?P<study>[^/]{1,200})"
    r"/(?:suggestions|trials/(?P<number>[1-9][0-9]{0,14})/observation)"
)
_admit = may("work").dependency


@dataclass(frozen=True, slots=True)
class _Route:
    """A route as the metrics name it, and what its body says."""

    path: str
    body: type[Body]


_ASK = _Route("/api/v1/studies/{study}/suggestions", AskIn)
_TELL = _Route("/api/v1/studies/{study}/trials/{number}/observation", ObservationIn)


class ShortWay:
    """ASGI middleware that answers what is usual, and passes on the rest."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = _match(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        first = await receive()
        response = await _answer(scope, first, found)
        if response is None:
            await self._app(scope, _again(first, receive), send)
        else:
            await response(scope, receive, send)


def _match(scope: Scope) -> re.Match[str] | None:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return None
    return _PATHS.fullmatch(scope["path"].removeprefix(scope.get("root_path", "")))


def _read(scope: Scope, message: Any, route: _Route) -> tuple[Body, str | None] | None:
    """Return what a request says and its key, or None if it should take the long way."""
    if message["type"] != "http.request" or message.get("more_body"):
        return None
    headers = dict(scope["headers"])
    key = headers.get(b"idempotency-key", b"").decode("latin-1")
    if headers.get(b"content-type") != b"application/json" or len(key) > MOST_KEY:
        return None
    try:
        return route.body.model_validate(strict_json.read(message["body"])), key or None
    except (RefusedError, ValidationError):
        return None


async def _answer(scope: Scope, message: Any, found: re.Match[str]) -> Response | None:
    """Return the answer, or None if the request should take the long way."""
    number = found["number"]
    route = _ASK if number is None else _TELL
    said = _read(scope, message, route)
    if said is None:
        return None
    scope["route"] = route  # for those who count requests
    request = StrictRequest(scope, _again(message, _nothing))
    body, key = said
    try:
        caller: Caller = await _admit(request, found["study"])
        if isinstance(body, AskIn):
            return await suggest(caller, body, key)
        return await observe(caller, int(number), cast("ObservationIn", body), key)
    except ActionError as error:
        return problems.of_action(request, error)
    except SearchError as error:
        return problems.of_search(request, error)
    except RefusedError as error:
        return problems.of_http(request, error)


def _again(message: Any, receive: Receive) -> Receive:
    """Return a way to receive that begins with what was received already."""
    waiting = [message]

    async def receive_again() -> Any:
        return waiting.pop() if waiting else await receive()

    return receive_again


async def _nothing() -> Any:
    return {"type": "http.disconnect"}
