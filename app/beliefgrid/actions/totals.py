"""What there is in all studies together, for Prometheus."""

from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.metrics import Totals
from beliefgrid.storage import totals


def read_totals(c: Connection, now: datetime) -> Totals:
    """Count studies, trials, leases and what is behind."""
    live, overdue = totals.leases(c, now)
    studies_behind, results_behind = totals.behind(c)
    return Totals(
        studies=totals.study_states(c),
        trials=totals.trial_states(c),
        live_leases=live,
        overdue_leases=overdue,
        queue_length=totals.queue_length(c),
        studies_behind=studies_behind,
        results_behind=results_behind,
        failing_updates=totals.failing(c),
    )
