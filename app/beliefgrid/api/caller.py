"""Who asks, for which study, and whether that one may: one dependency for every route."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel

from beliefgrid.actions import read
from beliefgrid.actions.errors import StudyUnknownError, TokenInvalidError
from beliefgrid.actions.idempotency import Answer, Once
from beliefgrid.actions.service import Service
from beliefgrid.actions.tokens import Principal
from beliefgrid.api.problems import RefusedError
from beliefgrid.api.texts import MOST_INTEGER, clean

T = TypeVar("T")
Render = Callable[[T], tuple[int, str]]

BY_NAME = "name:"
MOST_KEY = 255
MOST_DIGITS = 15  # of a version

StudyPath = Annotated[
    str,
    Path(
        description="The id of a study, or `name:` and the name of one.",
        examples=["st_019abc5d3f0e1a2b3c4d5e6f"],
        max_length=210,
    ),
]
Trial = Annotated[
    int,
    Path(description="The trial's number within its study.", examples=[1], ge=1, le=MOST_INTEGER),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text that names this request. Sent again with the same body, the request "
        "is done once and gives the same answer; with another body it is refused (422).",
        examples=["6f1c0a52d1c94a7e"],
        max_length=MOST_KEY,
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag that was read; the change is made only if nothing changed since.",
        max_length=40,
    ),
]
Cursor = Annotated[
    str | None,
    Query(description="The `next_cursor` of the page before; empty is the first.", max_length=500),
]


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's principal, study and service."""

    request: Request
    service: Service
    principal: Principal
    study_id: str

    @property
    def actor(self) -> str:
        """The name that goes into the events."""
        return self.principal.name

    async def read(self, query: Callable[..., T], **arguments: Any) -> T:
        """Ask the database about the study."""
        return await self.service.read(query, self.study_id, **arguments)

    async def once(self, key: str | None) -> Once | None:
        """Return what makes a repeat of this request harmless."""
        if not key:
            return None
        if not (key.isascii() and key.isprintable()):
            raise RefusedError(
                422, "idempotency_key_invalid", "expected an Idempotency-Key of printable ASCII"
            )
        request, path = self.request, self.request.url.path
        fields = (self.principal.name, request.method, path, request.url.query)
        scope = hashlib.blake2b("\0".join(fields).encode(), digest_size=16).hexdigest()
        return Once(key, scope, hashlib.sha256(await request.body()).hexdigest())

    async def write(
        self, key: str | None, render: Render[T], action: Callable[..., T], **arguments: Any
    ) -> Response:
        """Do an action of this study once, and return its answer."""
        return answered(
            await self.service.write_once(
                await self.once(key), render, action, self.study_id, **arguments
            )
        )


def may(scope: str) -> Any:
    """Return the dependency that admits a caller to the study of the path."""

    async def admit(request: Request, study: StudyPath) -> Caller:
        principal = principal_of(request)
        service: Service = request.app.state.service
        study_id = await _resolved(service, principal, study)
        principal.require(scope, study_id)
        return Caller(request, service, principal, study_id)

    admit.scope = scope  # type: ignore[attr-defined]  # for the test that visits every route
    return Depends(admit)


def may_everywhere(scope: str) -> Any:
    """Return the dependency that admits a caller to what belongs to no study."""

    async def admit(request: Request) -> Caller:
        principal = principal_of(request)
        if scope != "read":
            principal.require(scope)
        elif scope not in principal.scopes:
            principal.require(scope, principal.study_id)
        return Caller(request, request.app.state.service, principal, "")

    admit.scope = scope  # type: ignore[attr-defined]  # for the test that visits every route
    return Depends(admit)


Reader = Annotated[Caller, may("read")]
Worker = Annotated[Caller, may("work")]
Writer = Annotated[Caller, may("write")]
Anyone = Annotated[Caller, may_everywhere("read")]
Creator = Annotated[Caller, may_everywhere("write")]
Admin = Annotated[Caller, may_everywhere("admin")]


def principal_of(request: Request) -> Principal:
    """Return who asks; the gate in front of the application found out."""
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        raise TokenInvalidError(
            "expected a token in the header `Authorization: Bearer …`; `beliefgrid token create` "
            "makes one"
        )
    return principal


def version_in(if_match: str | None) -> int | None:
    """Return the version that an ETag stands for."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise RefusedError(
            400, "if_match_invalid", "expected the ETag of an earlier answer in If-Match"
        )
    return int(text)


def etag(version: int) -> str:
    """Return a version as an ETag."""
    return f'"{version}"'


def rendered(status: int, model: type[BaseModel]) -> Render[Any]:
    """Return the function that turns an action's result into a status and JSON text."""
    make = getattr(model, "of", model.model_validate)

    def render(result: Any) -> tuple[int, str]:
        is_repeat = getattr(result, "replayed", False)
        return 200 if is_repeat else status, make(result).model_dump_json()

    return render


def answered(answer: Answer) -> Response:
    """Return an answer with its headers."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, answer.status, headers, media_type="application/json")


def id_in(response: Response) -> str:
    """Return the id that an answer carries."""
    return str(json.loads(bytes(response.body))["id"])


async def _resolved(service: Service, principal: Principal, study: str) -> str:
    if not study.startswith(BY_NAME):
        if not (study.isascii() and study.isprintable()):
            raise StudyUnknownError("expected the id of a study; GET /api/v1/studies lists them")
        return study
    if not principal.scopes:
        principal.require("read")
    name = study.removeprefix(BY_NAME)
    try:
        clean(name)
    except ValueError:
        raise StudyUnknownError("expected the name of a study") from None
    return await service.read(read.study_id_of, name)
