"""A worker's time-limited ownership of a trial."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from beliefgrid.actions.errors import LeaseMismatchError
from beliefgrid.storage.rows import AnyRow

MIN_SECONDS = 1
MAX_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class LeaseRules:
    """How long trials belong to their workers."""

    seconds: int = 3600
    # How long after its lease ran out a trial still takes its late result.
    hard_deadline_seconds: int = 86_400
    # Whether leases that ran out are given to others now.
    may_expire: bool = True

    def sparing(self) -> "LeaseRules":
        """Return the same rules, and nothing runs out."""
        return replace(self, may_expire=False)


def granted(
    rules: LeaseRules, *, worker: str | None, seconds: int | None, now: datetime
) -> dict[str, Any]:
    """Return the columns of a trial that a worker gets."""
    length = seconds or rules.seconds
    return {
        "state": "active",
        "worker": worker,
        "lease_token": secrets.token_urlsafe(16),
        "lease_seconds": length,
        "lease_expires_at": now + timedelta(seconds=length),
        "hard_deadline_at": now + timedelta(seconds=length + rules.hard_deadline_seconds),
        "started_at": now,
        "updated_at": now,
    }


def check_token(row: AnyRow, token: str | None) -> None:
    """Raise LeaseMismatchError if a token is given and is not the trial's."""
    if token is None or row.lease_token is None:
        return
    if not secrets.compare_digest(token.encode(), row.lease_token.encode()):
        raise LeaseMismatchError(
            f"trial {row.number} was leased again since this token was given out; ask for a new "
            "trial (a bare result without a token is still accepted)"
        )
