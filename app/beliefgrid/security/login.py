"""Sign in with a token, and out again: a browser gets a session of its own."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import RedirectResponse

from beliefgrid.actions import sessions
from beliefgrid.actions.errors import TokenInvalidError
from beliefgrid.actions.service import Service
from beliefgrid.dashboard.pages.login import login_page
from beliefgrid.security.headers import knock
from beliefgrid.security.identity import COOKIE

SESSION = timedelta(hours=12)
MOST_SECRET = 200
router = APIRouter(include_in_schema=False)


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002 - in the address
    """Show the form that takes a token."""
    return login_page(request, next_path=local_path(next))


@router.post("/login")
async def log_in(
    request: Request,
    token: Annotated[str, Form(max_length=MOST_SECRET)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - in the form
) -> Response:
    """Open a session for who has a token."""
    service: Service = request.app.state.service
    doorman, address = request.app.state.doorman, knock(request.scope, "").address
    doorman.require_patience(address)
    try:
        session = await service.write(sessions.open_session, token.strip(), lasts=SESSION)
    except TokenInvalidError:
        doorman.note_wrong(address)
        problem = "That token is not valid here: unknown, expired or revoked."
        page = login_page(request, problem=problem, next_path=local_path(next))
        page.status_code = 403
        return page
    root = request.scope.get("root_path", "")
    response = RedirectResponse(root + local_path(next), 303)
    response.set_cookie(
        COOKIE,
        session,
        max_age=int(SESSION.total_seconds()),
        path=root or "/",
        secure=_is_https(request),
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """End a session, on the server too."""
    service: Service = request.app.state.service
    if session := request.cookies.get(COOKIE):
        await service.write(sessions.close_session, session)
        request.app.state.doorman.forget()
    root = request.scope.get("root_path", "")
    response = RedirectResponse(f"{root}/login", 303)
    response.delete_cookie(COOKIE, path=root or "/", httponly=True, samesite="strict")
    return response


def local_path(text: str) -> str:
    """Return an address within this service; anything that leads elsewhere becomes `/`."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    is_local = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    if not is_local or text.startswith("//") or "\\" in text or not text.isprintable():
        return "/"
    return text


def _is_https(request: Request) -> bool:
    forwarded = knock(request.scope, "").get(b"x-forwarded-proto")
    return "https" in {request.url.scheme, forwarded.partition(",")[0].strip()}
