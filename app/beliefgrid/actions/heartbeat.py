"""A worker says that it is alive, and keeps its trial."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from beliefgrid.actions.change import changing, trial_row
from beliefgrid.actions.errors import LeaseExpiredError
from beliefgrid.actions.leases import check_token
from beliefgrid.actions.outcomes import finished
from beliefgrid.actions.tell import directive, is_given_up
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

    A trial that a person stopped answers `stop`, and so does a study that ended.

    Raises:
        LeaseExpiredError: the lease ran out and the cell is free again.
        TrialFinishedError, TrialUnknownError, LeaseMismatchError.
    """
    with changing(c, study_id, now) as study:
        row = trial_row(c, study_id, number)
        check_token(row, lease_token)
        if row.state in ("stopped", "cancelled"):
            return Heartbeat(now, "stop")
        if row.state == "expired" or is_given_up(row):
            raise LeaseExpiredError(
                f"the lease of trial {number} ran out and its cell is free again; finish and post "
                "the result all the same, it counts until the hard deadline"
            )
        if row.state != "active":
            raise finished(row)
        length = lease_seconds or row.lease_seconds
        expires_at = now + timedelta(seconds=length)
        by = expires_at - row.lease_expires_at
        columns = {"lease_expires_at": expires_at, "lease_seconds": length, "updated_at": now}
        columns |= {"hard_deadline_at": row.hard_deadline_at + by}
        trials.move(c, row, ("active",), columns)
        study.lease_until(expires_at)
        return Heartbeat(expires_at, directive(study, row))
