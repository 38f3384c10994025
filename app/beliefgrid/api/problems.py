"""How a "no" looks over HTTP: problem+json (RFC 9457) with a stable code.

One table maps the classes of `actions.errors` to statuses; a test compares it with the tree.
"""

import http
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from beliefgrid.actions import errors
from beliefgrid.search import SearchError

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20

STATUS: dict[type[errors.ActionError], int] = {
    errors.UnknownError: 404,
    errors.EmptyHandError: 409,
    errors.ConflictError: 409,
    errors.VersionMismatchError: 412,
    errors.InputError: 422,
    errors.CursorInvalidError: 400,
    errors.TokenInvalidError: 401,
    errors.ScopeMissingError: 403,
    errors.StorageTroubleError: 503,
    errors.ShuttingDownError: 503,
}


class RefusedError(HTTPException):
    """A request that is refused before any action sees it."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code = code


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or a parameter's name.")
    code: str
    message: str


class Problem(BaseModel):
    """Why a request was refused, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/api/v1/docs#trial_unknown",
                "title": "The study has no trial of that number",
                "status": 404,
                "detail": "the study has no trial 7; GET /api/v1/studies/st_1/trials lists them",
                "code": "trial_unknown",
                "request_id": "6f1c0a52d1c94a7e",
            }
        },
        extra="allow",
    )

    type: str = Field(description="Where this kind of problem is explained.")
    title: str
    status: int
    detail: str
    code: str = Field(description="What programs should look at; it does not change.")
    errors: list[FieldProblem] | None = Field(default=None, description="The parts that are wrong.")
    request_id: str = Field(description="Names this request in the service's log.")


def status_of(kind: type[errors.ActionError]) -> int:
    """Return the status of a class of errors: that of the nearest class in the table."""
    return next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return the answer that says what is wrong."""
    body = {
        "type": f"{request.scope.get('root_path', '')}/api/v1/docs#{code}",
        "title": title or http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
        "request_id": getattr(request.state, "request_id", ""),
    }
    text = json.dumps(body, ensure_ascii=True, allow_nan=False)
    return Response(text, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_action(request: Request, error: errors.ActionError) -> Response:
    """Return the problem for a normal "no" of the actions."""
    status = status_of(type(error))
    headers = {}
    more: dict[str, Any] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = f"{max(1, round(error.retry_after))}"
        more["retry_after"] = error.retry_after
    if status == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="beliefgrid"'
    if isinstance(error, errors.ObservationConflictError):
        more |= {"stored": error.stored, "given": error.given}
    title = title_of(type(error))
    return problem(request, status, error.code, str(error), title=title, headers=headers, **more)


def of_search(request: Request, error: SearchError) -> Response:
    """Return the problem for input that the engine cannot use."""
    return problem(request, 422, error.code, str(error), title=title_of(type(error)))


def of_http(request: Request, error: Any) -> Response:
    """Return the problem for what the framework refused: no such address, no such method."""
    code = getattr(error, "code", None) or _CODES.get(error.status_code, "refused")
    detail = error.detail if isinstance(error.detail, str) else "the request was refused"
    if code == "not_found":
        detail = "there is nothing at this address; /api/v1/docs lists what there is"
    elif code == "method_not_allowed":
        detail = f"{request.method} is not possible here; see the header Allow"
    return problem(request, error.status_code, code, detail, headers=error.headers)


def of_validation(request: Request, found: Sequence[Mapping[str, Any]]) -> Response:
    """Return the problem for a request of the wrong shape, without repeating what came."""
    parts = [_part(error) for error in found[:MOST_ERRORS]]
    is_number = any(part["code"] == "non_finite_value" for part in parts)
    code = "non_finite_value" if is_number else "request_invalid"
    first = next((part for part in parts if part["code"] == code), parts[0])
    where = f" at {first['pointer']}" if first["pointer"] else ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = f"{first['message']}{where}{more}"
    title = "The request has the wrong shape"
    return problem(request, 422, code, detail, title=title, errors=parts)


def title_of(kind: type[BaseException]) -> str:
    """Return an error's docstring as a title."""
    return (kind.__doc__ or kind.__name__).splitlines()[0].rstrip(".")


def _part(error: Mapping[str, Any]) -> dict[str, str]:
    place, *path = error["loc"]
    steps = [str(step).replace("~", "~0").replace("/", "~1")[:60] for step in path]
    pointer = (
        "".join(f"/{step}" for step in steps) if place == "body" else f"{place}: {'.'.join(steps)}"
    )
    message = str(error["msg"])
    return {"pointer": _printable(pointer), "code": str(error["type"]), "message": message[:300]}


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


_CODES = {
    400: "request_invalid",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "content_type_invalid",
}
