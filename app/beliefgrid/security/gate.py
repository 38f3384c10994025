"""The gate in front of the application: every request passes here first.

It names the request, checks where it comes from and how long it is, finds out who asks, and
puts the headers of `policy` on every answer. What a principal may do, each route decides.
"""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from beliefgrid.actions.errors import ActionError, TokenInvalidError
from beliefgrid.api.problems import RefusedError, of_action, of_http, problem
from beliefgrid.dashboard.pages.trouble import trouble_page
from beliefgrid.metrics import Metrics
from beliefgrid.security import body, origin, policy
from beliefgrid.security.headers import Knock, knock
from beliefgrid.security.identity import Doorman, Identity
from beliefgrid.security.rates import Limits
from beliefgrid.settings import Settings

Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PUBLIC = frozenset({"/healthz", "/readyz", "/login"})
_log = logging.getLogger("beliefgrid.requests")


class Gate:
    """ASGI middleware that lets a request in or answers it."""

    def __init__(self, app: App, *, settings: Settings, doorman: Doorman, metrics: Metrics) -> None:
        self._app, self._settings, self._doorman = app, settings, doorman
        self._metrics = metrics
        self._limits = Limits(settings.rate_limit)
        self._hosts = settings.hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, _brief(send))
        if scope["type"] != "http":
            return  # there are no websockets here
        root = self._settings.root_path
        if root:
            scope["root_path"] = root
            if not _is_below(scope["path"], root):
                scope["path"] = root + scope["path"]  # the proxy took it off; routing wants it
        request = knock(scope, root)
        scope.setdefault("state", {})["request_id"] = request.request_id
        answer = _Answer(send, request)
        try:
            response = await self._refusal(scope, request)
            if response is not None:
                await response(scope, receive, answer.send)
                return
            receive = await self._bounded(scope, request, receive)
            await self._app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the last one to see it
            await self._trouble(error, scope, receive, answer)
        finally:
            answer.log()
            self._metrics.requested(
                route_of(scope, request), request.method, answer.status, answer.seconds
            )

    async def _refusal(self, scope: Scope, request: Knock) -> Response | None:
        """Return why a request does not get in, or None."""
        asked = Request(scope)
        stranger = self._wrong_place(asked, request)
        if stranger is not None:
            return stranger
        try:
            identity = await self._doorman.identify(asked.app.state.service, request)
        except (ActionError, RefusedError) as error:
            if request.path in {"/healthz", "/readyz"}:
                return None
            if isinstance(error, RefusedError):
                self._metrics.limited()
                raise
            return of_action(asked, error)
        _tell(scope, identity)
        if _is_public(request.path):
            return None
        if identity.principal is None:
            return _ask_for_login(asked, request)
        return self._too_many(asked, identity)

    def _wrong_place(self, asked: Request, request: Knock) -> Response | None:
        """Return the answer to what is sent to another host, or from another site."""
        if not origin.is_host_allowed(request.get(b"host"), self._hosts):
            return problem(
                asked,
                400,
                "host_not_allowed",
                "this service does not answer to that host name; BELIEFGRID_ALLOWED_HOSTS lists "
                "those it answers to",
            )
        if not request.is_safe and not origin.is_ours(request):
            return problem(
                asked, 403, "cross_site", "a page of another site may not change anything here"
            )
        return None

    def _too_many(self, asked: Request, identity: Identity) -> Response | None:
        """Return the answer to a caller that makes more requests than one may."""
        wait_s = self._limits.wait_s(identity.caller)
        if not wait_s:
            return None
        self._metrics.limited()
        return problem(
            asked,
            429,
            "rate_limited",
            f"expected at most {self._settings.rate_limit:,} requests a second with one token",
            headers={"Retry-After": "1"},
            retry_after=round(wait_s, 3),
        )

    async def _bounded(self, scope: Scope, request: Knock, receive: Receive) -> Receive:
        """Bound the body; check that a form is one of ours."""
        if request.is_safe:
            return receive
        limit = body.limit_of(request.path, self._settings.max_body_bytes)
        body.check_length(request, limit)
        receive = body.timely(body.limited(receive, limit), self._settings.body_seconds)
        if request.is_api or request.path == "/login" or request.bearer:
            return receive
        given = request.get(b"x-csrf-token")
        if request.get(b"content-type").partition(";")[0].strip() == body.FORM:
            fields, receive = await body.form_of(receive)
            given = fields.get("csrf_token", given)
        expected = scope["state"]["csrf_token"]
        if not secrets.compare_digest(given.encode(), expected.encode()):
            raise RefusedError(403, "form_expired", "this form is too old; load the page again")
        return receive

    async def _trouble(
        self, error: Exception, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        asked = Request(scope)
        if isinstance(error, RefusedError):
            response = of_http(asked, error)
        else:
            response = _broken(asked, answer.request, error)
        if not answer.has_started:
            response.headers["Connection"] = "close"  # the rest of the body may still be coming
            await response(scope, receive, answer.send)


class _Answer:
    """Puts the headers on an answer, and notes what became of it."""

    def __init__(self, send: Send, request: Knock) -> None:
        self._send, self.request = send, request
        self._began = time.perf_counter()
        self.status = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def has_started(self) -> bool:
        return self.status > 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._with_ours(list(message.get("headers", ())))
        await self._send(message)

    def _with_ours(self, headers: Headers) -> Headers:
        given = dict(headers)
        is_page = given.get(b"content-type", b"").startswith(b"text/html")
        extra = (
            *policy.ALWAYS,
            policy.FOR_PAGES if is_page else policy.FOR_DATA,
            policy.NO_STORE,
            (b"x-request-id", self.request.request_id.encode()),
        )
        return headers + [(name, value) for name, value in extra if name not in given]

    def log(self) -> None:
        level = logging.WARNING if self.status >= 500 else logging.DEBUG  # noqa: PLR2004
        if _log.isEnabledFor(level):
            took = round(1000 * self.seconds, 2)
            fields = {
                "request_id": self.request.request_id,
                "method": self.request.method,
                "path": self.request.path,
                "status": self.status,
                "ms": took,
            }
            _log.log(level, "request", extra=fields)


def _brief(send: Send) -> Send:
    """Return a way to report a failed start in its last line, without the traceback."""

    async def send_brief(message: Any) -> None:
        if message["type"] == "lifespan.startup.failed":
            lines = str(message.get("message", "")).strip().splitlines()
            message = message | {"message": lines[-1] if lines else ""}
        await send(message)

    return send_brief


def route_of(scope: Scope, request: Knock) -> str:
    """Return the pattern that a request matched, of which there are few; never its path."""
    pattern = getattr(scope.get("route"), "path", None)
    if pattern is None:
        return "none"
    is_short = request.is_api and not pattern.startswith("/api/")
    return f"/api/v1{pattern}" if is_short else str(pattern)


def _broken(asked: Request, request: Knock, error: Exception) -> Response:
    """Log what is our own fault, and return the answer that names the line of the log."""
    place = {"request_id": request.request_id, "method": request.method, "path": request.path}
    _log.error("a request failed", exc_info=error, extra=place)
    detail = f"something is wrong in the service; its log has the reason under {request.request_id}"
    if request.wants_page:
        return trouble_page(asked, 500, "Something is wrong here", detail)
    return problem(asked, 500, "internal_error", detail)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")


def _is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith("/static/")


def _tell(scope: Scope, identity: Identity) -> None:
    """Put what pages and routes want to know into the request's state."""
    principal = identity.principal
    scope["state"] |= {
        "principal": principal,
        "actor": principal.name if principal else None,
        "scopes": principal.scopes if principal else frozenset(),
        "csrf_token": identity.csrf_token,
        "signed_in": identity.is_session,
        "caller": identity.caller,
    }


def _ask_for_login(asked: Request, request: Knock) -> Response:
    if request.wants_page and request.is_safe:
        root = asked.scope.get("root_path", "")
        return RedirectResponse(f"{root}/login?next={quote(request.path)}", 303)
    return of_action(
        asked,
        TokenInvalidError(
            "expected a token in the header `Authorization: Bearer …`; `beliefgrid token create` "
            "makes one"
        ),
    )
