"""From a context to HTML: each template gets one dataclass, and nothing else.

A page is a dataclass whose class names its template; its fields that are parts can be drawn by
themselves. `?part=a,b` on any page answers with these parts only, drawn by the same code.
"""

import gzip
from collections.abc import Iterator
from dataclasses import fields
from functools import lru_cache
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Any, ClassVar

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from beliefgrid.assets import templates_dir
from beliefgrid.dashboard import numbers
from beliefgrid.dashboard.policy import CONTENT_SECURITY_POLICY

OK = 200
WORTH_PACKING = 1000  # bytes


class Part:
    """A part of a page, which can be drawn again by itself when there is news."""

    __slots__ = ()
    template: ClassVar[str]

    @property
    def part_name(self) -> str:
        """What `data-part` says: the name of the template."""
        return PurePosixPath(self.template).stem


class PageContext:
    """The whole page."""

    __slots__ = ()
    template: ClassVar[str]


def respond(request: Request, page: PageContext, *, status: int = 200) -> Response:
    """Return a page, or the parts of it that are asked for, unless the browser has them."""
    wanted = request.query_params.get("part")
    html = render_page(page) if wanted is None else render_parts(page, wanted.split(","))
    headers = {
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Accept-Encoding",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }
    return packed(request, html.encode(), "text/html; charset=utf-8", headers, status=status)


def packed(
    request: Request, body: bytes, media_type: str, headers: dict[str, str], *, status: int = 200
) -> Response:
    """Return an answer with its tag, compressed if the browser likes, or 304 if it has it."""
    headers = headers | {"ETag": f'"{blake2b(body, digest_size=12).hexdigest()}"'}
    if status == OK and request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > WORTH_PACKING:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 5, mtime=0)
    return Response(body, status, headers, media_type=media_type)


def render_page(page: PageContext) -> str:
    """Return a page as HTML."""
    return environment().get_template(page.template).render(page=page)


def render_parts(page: PageContext, names: list[str]) -> str:
    """Return some parts of a page as HTML, one after the other."""
    return "\n".join(render_part(part) for part in parts_of(page) if part.part_name in names)


def render_part(part: Part) -> Markup:
    """Return a part as HTML."""
    return Markup(environment().get_template(part.template).render(part=part))  # noqa: S704 - a template's output is escaped


def parts_of(page: PageContext | Part) -> Iterator[Part]:
    """Return the parts that a page is made of, and those within them."""
    for held in fields(page):  # type: ignore[arg-type]  # every page is a dataclass
        value: Any = getattr(page, held.name)
        if isinstance(value, Part):
            yield value
            yield from parts_of(value)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates, compiled as they are needed."""
    made = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "cell_text": numbers.cell_text,
        "count": numbers.count,
        "level": numbers.level,
        "number": numbers.number,
        "part": render_part,
        "percent": numbers.percent,
        "share": numbers.share,
        "span": numbers.span,
    }
    return made
