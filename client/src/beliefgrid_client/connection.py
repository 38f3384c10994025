"""Requests that are tried until they are answered, each of them counted once."""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from beliefgrid_client.errors import (
    ConflictError,
    InvalidInputError,
    NoAnswerError,
    NonFiniteValueError,
    ServiceError,
    UnavailableError,
    UnknownError,
    error_class,
)
from beliefgrid_client.retry import Retry, Wait, sleep
from beliefgrid_client.spool import Result, Spool
from beliefgrid_client.transport import NO_ANSWER, Request, Response, Transport, UrllibTransport

DEFAULT_URL = "http://127.0.0.1:8000"
REFUSALS = (UnknownError, ConflictError, InvalidInputError)  # another try cannot change these
JsonBody = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """Where the service is, and how patient to be with it; can be sent to another process."""

    url: str
    token: str | None = None
    timeout_s: float = 60.0
    retry: Retry = field(default_factory=Retry)
    spool: Spool | None = None
    transport: Transport = field(default_factory=UrllibTransport)

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of a resource."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: JsonBody, *, wait: Wait = sleep) -> Any:
        """Do something once, however often it has to be sent; return the answer's body."""
        return self.call("POST", path, body, key=new_key(), wait=wait)

    def deliver(self, path: str, body: JsonBody, *, wait: Wait = sleep) -> Any:
        """Post a result, with all the patience that a result deserves.

        With a spool it is on disk first, and stays there until the service has it.
        """
        result = Result(path, body, new_key())
        _text(body)  # what cannot be sent must not be spooled either
        file = self.spool.put(result) if self.spool else None
        return self._deliver(result, file, wait)

    def deliver_spooled(self, *, wait: Wait = sleep) -> int:
        """Send what an earlier run left in the spool; return how many the service took."""
        delivered = 0
        for file, result in self.spool.waiting() if self.spool else ():
            try:
                self._deliver(result, file, wait)
            except REFUSALS:
                continue  # it lies in the folder `refused` now
            delivered += 1
        return delivered

    def _deliver(self, result: Result, file: Any, wait: Wait) -> Any:
        patience_s = self.retry.result_patience_s
        try:
            answer = self.call(
                "POST", result.path, result.body, key=result.key, patience_s=patience_s, wait=wait
            )
        except REFUSALS:
            if self.spool and file:
                self.spool.refuse(file)
            raise
        if self.spool and file:
            self.spool.done(file)
        return answer

    def call(
        self,
        method: str,
        path: str,
        body: JsonBody | None = None,
        *,
        key: str | None = None,
        patience_s: float | None = None,
        wait: Wait = sleep,
    ) -> Any:
        """Send a request until it is answered; return the body of the answer.

        Raises:
            NoAnswerError: no answer came within the patience, or `wait` said to give up.
            UnavailableError: likewise, but the service did say why.
            ServiceError: the answer is an error; its class says which.
        """
        request = self._request(method, path, body, key)
        deadline = time.monotonic() + (self.retry.patience_s if patience_s is None else patience_s)
        for pause in self.retry.pauses():
            problem = self._attempt(request)
            if isinstance(problem, Response):
                return _body(problem)
            asked_for = problem.retry_after if isinstance(problem, UnavailableError) else None
            pause_s = pause + (asked_for or 0.0)
            if time.monotonic() + pause_s > deadline or wait(pause_s):
                raise problem
        raise AssertionError("the pauses never end")  # pragma: no cover

    def _attempt(self, request: Request) -> Response | NoAnswerError | UnavailableError:
        """Send a request once; return what another try may cure, raise what it cannot."""
        try:
            response = self.transport.send(request)
        except NO_ANSWER as cause:
            reason = getattr(cause, "reason", None) or cause
            missing = NoAnswerError(
                f"no answer from {self.url} ({reason}); is the service running there?"
            )
            missing.__cause__ = cause
            return missing
        if response.is_success:
            return response
        problem = _problem(response)
        if isinstance(problem, UnavailableError):
            return problem
        raise problem

    def _request(self, method: str, path: str, body: JsonBody | None, key: str | None) -> Request:
        headers = {"Accept": "application/json", "User-Agent": "beliefgrid-client"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else _text(body)
        return Request(method, f"{self.url}/api/v1{path}", headers, content, self.timeout_s)


def connection(
    url: str | None,
    token: str | None,
    *,
    spool: str | os.PathLike[str] | None,
    **settings: Any,
) -> Connection:
    """Return a connection; what is None comes from BELIEFGRID_URL, _TOKEN and _SPOOL."""
    given = (url or os.environ.get("BELIEFGRID_URL") or DEFAULT_URL).rstrip("/")
    if urlsplit(given).scheme not in ("http", "https"):
        raise ValueError(f"expected an address that starts with http:// or https://, got {given!r}")
    folder = spool or os.environ.get("BELIEFGRID_SPOOL")
    return Connection(
        given,
        token or os.environ.get("BELIEFGRID_TOKEN") or None,
        spool=Spool(folder) if folder else None,
        **settings,
    )


def new_key() -> str:
    """Return a key that no other request has."""
    return uuid.uuid4().hex


def _text(body: JsonBody) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except ValueError as cause:
        raise NonFiniteValueError(
            "expected finite numbers, got NaN or an infinity; report a run that diverged with "
            'fail("diverged", kind="infeasible")',
            code="non_finite_value",
        ) from cause


def _body(response: Response) -> Any:
    return json.loads(response.body) if response.body else None


def _problem(response: Response) -> ServiceError:
    """Return the error that an answer stands for; a proxy's HTML page is understood too."""
    try:
        problem = json.loads(response.body)
    except ValueError:
        problem = None
    problem = problem if isinstance(problem, dict) else {}
    code = str(problem.get("code", ""))
    detail = problem.get("detail") or problem.get("title")
    found = error_class(response.status, code)
    return found(
        str(detail or f"the answer has the status {response.status} and no explanation"),
        status=response.status,
        code=code,
        retry_after=_retry_after(response, problem),
        problem=problem,
    )


def _retry_after(response: Response, problem: JsonBody) -> float | None:
    given = response.headers.get("retry-after", problem.get("retry_after"))
    try:
        return max(0.0, float(given)) if given is not None else None
    except (TypeError, ValueError):
        return None  # a date, which no service of ours sends
