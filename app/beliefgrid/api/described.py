"""Which answers a route documents beside its success."""

from typing import Any

from pydantic import BaseModel

from beliefgrid.api.problems import MEDIA_TYPE

WORDS = {
    400: "The request cannot be read.",
    401: "A valid token is needed.",
    403: "The token does not allow this, or the request comes from another site.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    409: "The state of things does not allow it; `code` says what is in the way.",
    412: "It was changed since the version in If-Match.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "What came cannot be used; `code` says why.",
    429: "Too many requests.",
    503: "The database does not take changes now; try again after Retry-After.",
}
ALWAYS = (400, 401, 403, 422, 429, 503)
WITH_BODY = (408, 413, 415)


def problems(*statuses: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return what a route documents: what every route may answer, and these."""
    found = sorted({*ALWAYS, *statuses, *(WITH_BODY if body else ())})
    return {
        status: {
            "description": WORDS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in found
    }


def success(
    status: int, model: type[BaseModel], description: str = "Done."
) -> dict[int | str, dict[str, Any]]:
    """Return a second success, such as the 200 of a repeat."""
    return {status: {"model": model, "description": description}}
