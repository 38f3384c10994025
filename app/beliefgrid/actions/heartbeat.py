"""A worker says that it is alive, and keeps its trial."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.change import changing
from beliefgrid.actions.errors import LeaseExpiredError
from beliefgrid.actions.leases import check_token
from beliefgrid.actions.tell import directive, finished, trial_row
from beliefgrid.actions.views import Heartbeat
from beliefgrid.storage import trials


def heartbeat(
    c: Connection,
    study_id: str,
    number: int,
    *,
    lease_seconds: int | None = None,
    lease_token: str | None = None,
    now: datetime,
) -> Heartbeat:
    """Prolong a lease from now on; the answer says whether the worker should go on.

    Raises:
        LeaseExpiredError: the lease ran out and the cell is free again.
        TrialFinishedError, TrialUnknownError, LeaseMismatchError.
    """
    with changing(c, study_id, now) as study:
        row = trial_row(c, study_id, number)
        check_token(row, lease_token)
        if row.state not in ("active", "expired"):
            raise finished(row)
        if row.state == "expired":
            raise LeaseExpiredError(
                f"the lease of trial {number} ran out and its cell is free again; finish and post "
                "the result all the same, it counts until the hard deadline"
            )
        length = lease_seconds or row.lease_seconds
        expires_at = now + timedelta(seconds=length)
        columns = {"lease_expires_at": expires_at, "lease_seconds": length, "updated_at": now}
        trials.move(c, row.id, ("active",), columns)
        return Heartbeat(expires_at, directive(study, row))
