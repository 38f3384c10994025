"""Rows of access tokens; the secret itself is never stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from beliefgrid.storage.rows import AnyRow
from beliefgrid.storage.tables import tokens


def add(c: Connection, row: dict[str, Any]) -> None:
    """Store a token."""
    c.execute(insert(tokens), row)


def by_hash(c: Connection, sha256: str) -> AnyRow | None:
    """Return the token with that hash."""
    return c.execute(select(tokens).where(tokens.c.sha256 == sha256)).one_or_none()


def by_id(c: Connection, token_id: str) -> AnyRow | None:
    """Return the token of an id."""
    return c.execute(select(tokens).where(tokens.c.id == token_id)).one_or_none()


def listed(c: Connection) -> list[AnyRow]:
    """Return all tokens, newest first."""
    return list(c.execute(select(tokens).order_by(tokens.c.created_at.desc())).all())


def revoke(c: Connection, token_id: str, now: datetime) -> bool:
    """Make a token useless; False if there is none, or it already is."""
    statement = (
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return c.execute(statement).rowcount == 1


def renew(c: Connection, token_id: str, sha256: str, now: datetime) -> bool:
    """Put another secret in the place of one that was never used; False if it was, or is over."""
    statement = (
        update(tokens)
        .where(
            tokens.c.id == token_id,
            tokens.c.revoked_at.is_(None),
            tokens.c.last_used_at.is_(None),
            or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
        )
        .values(sha256=sha256)
    )
    return c.execute(statement).rowcount == 1


def note_use(c: Connection, token_id: str, now: datetime) -> None:
    """Note when a token was used."""
    c.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=now))


def usable(c: Connection, now: datetime) -> int:
    """Count the tokens that open something."""
    query = select(func.count()).where(
        tokens.c.revoked_at.is_(None),
        tokens.c.parent_id.is_(None),
        (tokens.c.expires_at.is_(None)) | (tokens.c.expires_at > now),
    )
    return int(c.execute(query).scalar_one())
