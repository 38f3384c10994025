"""Access tokens: made, checked, revoked. The secret is shown once and stored as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.change import study_unknown
from beliefgrid.actions.errors import (
    ScopeMissingError,
    TokenInvalidError,
    TokenSettledError,
    TokenUnknownError,
)
from beliefgrid.storage import studies, tokens
from beliefgrid.storage.rows import AnyRow

NOTED = timedelta(hours=1)  # that a token is used is written down this often
SCOPES = ("read", "work", "write", "admin")
IMPLIED = {
    "read": {"read"},
    "work": {"read", "work"},
    "write": {"read", "work", "write"},
    "admin": set(SCOPES),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request, and what that one may do.

    unnoted: the id of the token, if its use should be written down.
    """

    name: str
    scopes: frozenset[str]
    study_id: str | None = None
    unnoted: str | None = None

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
    last_used_at: datetime | None
    revoked_at: datetime | None


def create_token(
    c: Connection,
    *,
    name: str,
    scopes: list[str],
    study_id: str | None = None,
    expires_at: datetime | None = None,
    parent_id: str | None = None,
    now: datetime,
) -> tuple[str, TokenView]:
    """Make a token; return its secret, which is stored nowhere, and the rest.

    Raises:
        StudyUnknownError: it is for a study that there is not.
    """
    if study_id is not None and studies.find(c, study_id) is None:
        raise study_unknown(study_id)
    token_id = secrets.token_hex(4)
    secret = _new_secret(token_id)
    view = TokenView(token_id, name, sorted(set(scopes)), study_id, now, expires_at, None, None)
    tokens.add(
        c,
        {
            "id": token_id,
            "name": name,
            "sha256": hashed(secret),
            "scopes": view.scopes,
            "study_id": study_id,
            "parent_id": parent_id,
            "created_at": now,
            "expires_at": expires_at,
            "last_used_at": None,
            "revoked_at": None,
        },
    )
    return secret, view


def renew_token(c: Connection, token_id: str, *, now: datetime) -> str:
    """Give a token that was never used a new secret, and return it; the old one opens nothing.

    Raises:
        TokenSettledError: it was used, or revoked, or it is over.
    """
    secret = _new_secret(token_id)
    if not tokens.renew(c, token_id, hashed(secret), now):
        raise TokenSettledError(
            f"the token {token_id} that this Idempotency-Key made is in use already, was "
            "revoked or has expired; make another one with a new key"
        )
    return secret


def note_use(c: Connection, token_id: str, *, now: datetime) -> None:
    """Write down that a token is used."""
    tokens.note_use(c, token_id, now)


def authenticate(c: Connection, secret: str, now: datetime) -> Principal:
    """Return whose token this is.

    Raises:
        TokenInvalidError: unknown, expired or revoked; which one is not said.
    """
    row = valid_row(c, secret, now)
    allowed: set[str] = set().union(*(IMPLIED[scope] for scope in row.scopes))
    is_noted = row.last_used_at is not None and now - row.last_used_at < NOTED
    return Principal(row.name, frozenset(allowed), row.study_id, None if is_noted else row.id)


def valid_row(c: Connection, secret: str, now: datetime) -> AnyRow:
    """Return the row of a token that opens something; a session ends with its parent.

    Raises:
        TokenInvalidError: unknown, expired or revoked.
    """
    row = tokens.by_hash(c, hashed(secret))
    if row is None or not _opens(row, now):
        raise TokenInvalidError("expected a valid token; `beliefgrid token create` makes one")
    if row.parent_id is not None:
        parent = tokens.by_id(c, row.parent_id)
        if parent is None or not _opens(parent, now):
            raise TokenInvalidError("expected a valid session; sign in again")
    return row


def _opens(row: AnyRow, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


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
            row.last_used_at,
            row.revoked_at,
        )
        for row in tokens.listed(c)
        if row.parent_id is None  # a browser's session is not a token to hand out
    ]


def revoke_token(c: Connection, token_id: str, *, now: datetime) -> None:
    """Make a token useless from now on."""
    if not tokens.revoke(c, token_id, now):
        raise TokenUnknownError(f"expected the id of a token in use, got {token_id[:60]!r}")


def count_usable(c: Connection, now: datetime) -> int:
    """Count the tokens that open something."""
    return tokens.usable(c, now)


def _new_secret(token_id: str) -> str:
    return f"bg_{token_id}_{secrets.token_urlsafe(32)}"


def hashed(secret: str) -> str:
    """Return what is stored of a secret."""
    # A plain hash is enough for 256 random bits; it is not a password.
    return hashlib.sha256(secret.encode()).hexdigest()
