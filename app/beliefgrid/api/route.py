"""Routes that read their bodies strictly."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from beliefgrid.api import strict_json
from beliefgrid.api.problems import RefusedError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose body is JSON in UTF-8, or none."""

    async def body(self) -> bytes:
        """Return the body, or refuse what does not call itself JSON."""
        found = await super().body()
        if found:
            kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise RefusedError(
                    415,
                    "content_type_invalid",
                    "expected the header Content-Type: application/json",
                )
        return found

    async def json(self) -> Any:
        """Return what the body says."""
        return strict_json.read(await self.body())


class StrictRoute(APIRoute):
    """A route that hands a `StrictRequest` to its endpoint."""

    def get_route_handler(self) -> Handler:
        """Return the handler."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await original(StrictRequest(request.scope, request.receive))

        return handle


def router(tag: str) -> APIRouter:
    """Return a router for one resource."""
    return APIRouter(route_class=StrictRoute, tags=[tag])
