"""Who may see or do what on a page: the scopes of the REST API, asked for once."""

from fastapi import Request

from beliefgrid.actions.errors import TokenInvalidError
from beliefgrid.actions.tokens import Principal
from beliefgrid.dashboard.layout import state_of

SAFE = frozenset({"GET", "HEAD"})


def principal_of(request: Request) -> Principal:
    """Return who asks; the gate in front of the application found out."""
    found: Principal | None = state_of(request, "principal", None)
    if found is None:
        raise TokenInvalidError("expected a token or a session; sign in first")
    return found


async def guard(request: Request) -> None:
    """Refuse a page to who may not read the study, and a form to who may not change it."""
    principal = principal_of(request)
    scope = "read" if request.method in SAFE else "write"
    study_id = request.path_params.get("study_id")
    if study_id is None and scope == "read":
        principal.require(scope, principal.study_id)
    else:
        principal.require(scope, study_id)
