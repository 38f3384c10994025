"""Login: a token for a session. The middleware owns the session; this page is its form."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request, Response

from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.render import PageContext, respond


@dataclass(frozen=True, slots=True)
class LoginPage(PageContext):
    """The form that takes a token."""

    template: ClassVar[str] = "pages/login.html"

    frame: layout.Frame
    action: str
    next_path: str
    problem: str


def login_page(
    request: Request, *, problem: str = "", next_path: str = "/", status: int = 200
) -> Response:
    """Return the login page; `problem` says why the last token did not do."""
    page = LoginPage(
        frame=layout.frame(request, "Sign in"),
        action=links_of(request).page("/login"),
        next_path=next_path,
        problem=problem,
    )
    return respond(request, page, status=status)
