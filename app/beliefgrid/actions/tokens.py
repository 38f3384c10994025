"""Access tokens: made, checked, revoked. The secret is shown once and stored as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.actions.errors import ScopeMissingError, TokenInvalidError, TokenUnknownError
from beliefgrid.storage import tokens

SCOPES = ("read", "work", "write", "admin")
IMPLIED = {
    "read": {"read"},
    "work": {"read", "work"},
    "write": {"read", "work", "write"},
    "admin": set(SCOPES),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request, and what that one may do."""

    name: str
    scopes: frozenset[str]
    study_id: str | None = None

    def require(self, scope: str, study_id: str | None = None) -> None:
        """Raise ScopeMissingError unless this one may do that."""
        if scope not in self.scopes:
            raise ScopeMissingError(f"this token lacks the scope `{scope}`")
        if self.study_id is not None and study_id != self.study_id:
            raise ScopeMissingError("this token is for another study")


LOCAL = Principal("local", frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    study_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def create_token(
    c: Connection,
    *,
    name: str,
    scopes: list[str],
    study_id: str | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> tuple[str, TokenView]:
    """Make a token; return its secret, which is stored nowhere, and the rest."""
    token_id = secrets.token_hex(4)
    secret = f"bg_{token_id}_{secrets.token_urlsafe(32)}"
    view = TokenView(token_id, name, sorted(scopes), study_id, now, expires_at, None)
    tokens.add(
        c,
        {
            "id": token_id,
            "name": name,
            "sha256": _hash(secret),
            "scopes": view.scopes,
            "study_id": study_id,
            "created_at": now,
            "expires_at": expires_at,
            "last_used_at": None,
            "revoked_at": None,
        },
    )
    return secret, view


def authenticate(c: Connection, secret: str, now: datetime) -> Principal:
    """Return whose token this is.

    Raises:
        TokenInvalidError: unknown, expired or revoked; which one is not said.
    """
    row = tokens.by_hash(c, _hash(secret))
    if row is None or row.revoked_at is not None:
        raise TokenInvalidError("expected a valid token; `beliefgrid token create` makes one")
    if row.expires_at is not None and row.expires_at <= now:
        raise TokenInvalidError("expected a valid token; `beliefgrid token create` makes one")
    allowed: set[str] = set().union(*(IMPLIED[scope] for scope in row.scopes))
    return Principal(row.name, frozenset(allowed), row.study_id)


def list_tokens(c: Connection) -> list[TokenView]:
    """Return all tokens, newest first."""
    return [
        TokenView(
            row.id,
            row.name,
            row.scopes,
            row.study_id,
            row.created_at,
            row.expires_at,
            row.revoked_at,
        )
        for row in tokens.listed(c)
    ]


def revoke_token(c: Connection, token_id: str, *, now: datetime) -> None:
    """Make a token useless from now on."""
    if not tokens.revoke(c, token_id, now):
        raise TokenUnknownError(f"expected the id of a token in use, got {token_id[:60]!r}")


def count_usable(c: Connection, now: datetime) -> int:
    """Count the tokens that open something."""
    return tokens.usable(c, now)


def _hash(secret: str) -> str:
    # A plain hash is enough for 256 random bits; it is not a password.
    return hashlib.sha256(secret.encode()).hexdigest()
