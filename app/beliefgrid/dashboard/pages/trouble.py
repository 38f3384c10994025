"""Trouble: what went wrong, for a person, with a way on."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request, Response

from beliefgrid.dashboard import layout
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.render import PageContext, respond


@dataclass(frozen=True, slots=True)
class TroublePage(PageContext):
    """An error, in a sentence."""

    template: ClassVar[str] = "pages/trouble.html"

    frame: layout.Frame
    status: int
    title: str
    detail: str
    home_href: str


def trouble_page(request: Request, status: int, title: str, detail: str) -> Response:
    """Return the page of an error."""
    page = TroublePage(
        frame=layout.frame(request, title),
        status=status,
        title=title,
        detail=f"{detail[:1].upper()}{detail[1:].removesuffix('.')}.",
        home_href=links_of(request).page("/"),
    )
    return respond(request, page, status=status)
