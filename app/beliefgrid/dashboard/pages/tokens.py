"""Tokens: who may reach the service, made and revoked here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from beliefgrid.actions.tokens import SCOPES, TokenView, create_token, list_tokens, revoke_token
from beliefgrid.dashboard import layout
from beliefgrid.dashboard.guard import principal_of
from beliefgrid.dashboard.links import links_of
from beliefgrid.dashboard.numbers import When, count, when
from beliefgrid.dashboard.parts import Lead
from beliefgrid.dashboard.render import PageContext, respond
from beliefgrid.dashboard.states import Badge

router = APIRouter()
QUESTIONS = ("Who may reach this service?", "What may each do?")
MEANING = {
    "read": "see everything",
    "work": "and ask, tell, heartbeat",
    "write": "and create and change studies",
    "admin": "and make tokens",
}
MOST_DAYS = 3650
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token in the list."""

    id: str
    name: str
    scopes: str
    study: str
    badge: Badge
    created: When | None
    expires: When | None
    is_usable: bool


@dataclass(frozen=True, slots=True)
class TokensPage(PageContext):
    """All tokens, and the form that makes one."""

    template: ClassVar[str] = "pages/tokens.html"

    frame: layout.Frame
    lead: Lead
    action: str
    scopes: Sequence[tuple[str, str]]
    rows: Sequence[TokenRow]
    secret: str
    problem: str


@router.get("/tokens")
async def tokens(request: Request) -> Response:
    """List tokens."""
    principal_of(request).require("admin")
    return respond(request, await _page(request))


@router.post("/tokens")
async def change(request: Request) -> Response:
    """Make a token and show its secret, this once; or revoke one."""
    principal_of(request).require("admin")
    service = request.app.state.service
    sent = {key: str(value) for key, value in (await request.form()).items()}
    if sent.get("wish") == "revoke":
        await service.write(revoke_token, sent.get("id", ""))
        return Response(status_code=303, headers={"Location": links_of(request).page("/tokens")})
    name, scope, days = sent.get("name", "").strip(), sent.get("scope", ""), sent.get("days", "")
    is_right = 0 < len(name) <= MOST_NAME and scope in SCOPES and _is_days(days)
    if not is_right:
        problem = f"A token needs a name, a scope, and at most {MOST_DAYS:,} days."
        return respond(request, replace(await _page(request), problem=problem), status=422)
    expires = service.clock() + timedelta(days=int(days)) if days else None
    secret, _ = await service.write(create_token, name=name, scopes=[scope], expires_at=expires)
    response = respond(request, replace(await _page(request), secret=secret))
    response.headers["Cache-Control"] = "no-store"
    return response


async def _page(request: Request) -> TokensPage:
    found: list[TokenView] = await request.app.state.service.read(list_tokens)
    now = layout.now()
    rows = [_row(token, now) for token in found]
    usable = sum(row.is_usable for row in rows)
    needed = request.app.state.settings.token_required
    rule = "every request needs one" if needed else "on this machine none is needed"
    return TokensPage(
        frame=layout.frame(request, "Tokens"),
        lead=Lead(f"{count(usable, 'token')} in use; {rule}.", QUESTIONS),
        action=links_of(request).page("/tokens"),
        scopes=list(MEANING.items()),
        rows=rows,
        secret="",
        problem="",
    )


def _row(token: TokenView, now: datetime) -> TokenRow:
    is_over = token.expires_at is not None and token.expires_at <= now
    badge = Badge("usable", "in use", "good", "●")
    if token.revoked_at is not None:
        badge = Badge("revoked", "revoked", "quiet", "✕")
    elif is_over:
        badge = Badge("expired", "expired", "warn", "◇")
    return TokenRow(
        id=token.id,
        name=token.name,
        scopes=", ".join(token.scopes),
        study=token.study_id or "all studies",
        badge=badge,
        created=when(token.created_at, now),
        expires=when(token.expires_at, now),
        is_usable=badge.state == "usable",
    )


def _is_days(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= MOST_DAYS)
