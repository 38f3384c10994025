"""Every code that a problem may carry, with its status and its meaning."""

from collections.abc import Iterator
from typing import Any

from beliefgrid.actions.errors import ActionError, PosteriorBehindError
from beliefgrid.api.problems import status_of, title_of
from beliefgrid.search import SearchError

# What is refused before any action sees it.
OWN: tuple[tuple[str, int, str], ...] = (
    ("body_too_slow", 408, "The body did not arrive within BELIEFGRID_BODY_SECONDS"),
    ("body_too_large", 413, "The body is longer than BELIEFGRID_MAX_BODY_BYTES allows"),
    ("content_encoding_invalid", 415, "The body is compressed"),
    ("content_type_invalid", 415, "The body is not application/json"),
    ("cross_site", 403, "The request comes from a page of another site"),
    ("form_expired", 403, "The form was loaded in another session"),
    ("host_not_allowed", 400, "The header Host is not one of this service's names"),
    ("idempotency_key_invalid", 422, "The Idempotency-Key is not printable ASCII"),
    ("if_match_invalid", 400, "The header If-Match holds no ETag of ours"),
    ("internal_error", 500, "Something is wrong in the service; its log has the reason"),
    ("json_duplicate_key", 400, "An object in the body has a key twice"),
    ("json_invalid", 400, "The body is not JSON in UTF-8"),
    ("json_too_deep", 400, "The body is nested too deeply"),
    ("method_not_allowed", 405, "The address exists, but not for this method"),
    ("not_found", 404, "There is nothing at this address"),
    ("rate_limited", 429, "The token made more requests than BELIEFGRID_RATE_LIMIT allows"),
    ("request_invalid", 422, "The request has the wrong shape; `errors` says where"),
    ("secret_key_missing", 403, "Webhooks on Postgres need BELIEFGRID_SECRET_KEY"),
    ("webhook_url_invalid", 422, "A webhook's address is not https, or not public"),
    ("webhooks_off", 403, "BELIEFGRID_WEBHOOKS is off"),
    (
        "too_many_streams",
        429,
        "More event streams are open than one token, or one server, may hold",
    ),
)


def all_codes() -> list[tuple[str, int, str]]:
    """Return code, status and meaning of every problem, by code."""
    found = {entry[0]: entry for entry in OWN}
    for kind in leaves(ActionError):
        if kind is not PosteriorBehindError:  # it never leaves the service
            found[kind.code] = (kind.code, status_of(kind), title_of(kind))
    for kind in leaves(SearchError):
        found[kind.code] = (kind.code, 422, title_of(kind))
    return [found[code] for code in sorted(found)]


def leaves(kind: type[Any]) -> Iterator[type[Any]]:
    """Return the classes below one that have no class below them."""
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)
