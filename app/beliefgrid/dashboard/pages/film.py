"""The film of a belief, as a file: HTML that opens offline, or an animated GIF."""

import asyncio
import re
from typing import Literal

from fastapi import APIRouter, HTTPException, Request, Response

from beliefgrid.actions import read
from beliefgrid.dashboard import films, frames
from beliefgrid.dashboard.view import slice_at, view_of

router = APIRouter()
MEDIA = {"html": "text/html; charset=utf-8", "gif": "image/gif"}
# The file is for the disk; should a browser show it after all, it may run nothing of ours.
POLICY = "sandbox; default-src 'none'"


@router.get("/studies/{study_id}/film.{kind}")
async def film(request: Request, study_id: str, kind: Literal["html", "gif"]) -> Response:
    """Return the film of P(best) over two parameters."""
    service = request.app.state.service
    study = await service.read(read.study, study_id)
    view = view_of(request.query_params, study.parameters)
    fixed = slice_at(view, study.parameters, {}) if view.reduce == "slice" else {}
    picture = frames.Picture(view.x, view.y, view.reduce, fixed)
    found = await service.read(films.film_of, study_id, picture)
    if found is None:
        raise HTTPException(404, "there is no snapshot yet, so there is no film")
    make = films.as_gif if kind == "gif" else films.as_html
    body = await asyncio.to_thread(make, found)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", study.name).strip("-")[:60] or "study"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": POLICY,
    }
    return Response(body, headers=headers, media_type=MEDIA[kind])
