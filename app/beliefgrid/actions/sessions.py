"""A browser's session: a token of its own, good for some hours, that its parent token takes along.

A page holds the session's secret and never the token that opened it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.errors import TokenInvalidError
from beliefgrid.actions.tokens import create_token, hashed, valid_row
from beliefgrid.storage import tokens


def open_session(c: Connection, secret: str, *, lasts: timedelta, now: datetime) -> str:
    """Return the secret of a new session for who has a token.

    Raises:
        TokenInvalidError: the token opens nothing, or is a session itself.
    """
    parent = valid_row(c, secret, now)
    if parent.parent_id is not None:
        raise TokenInvalidError("expected a token, got a session")
    ends = now + lasts if parent.expires_at is None else min(now + lasts, parent.expires_at)
    session, _ = create_token(
        c,
        name=parent.name,
        scopes=parent.scopes,
        study_id=parent.study_id,
        expires_at=ends,
        parent_id=parent.id,
        now=now,
    )
    return session


def close_session(c: Connection, secret: str, *, now: datetime) -> None:
    """Make a session useless from now on."""
    row = tokens.by_hash(c, hashed(secret))
    if row is not None and row.parent_id is not None:
        tokens.revoke(c, row.id, now)
