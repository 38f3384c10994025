"""What must hold when the service starts: counts that agree with the rows they count."""

import logging
from datetime import datetime

from sqlalchemy import Connection

from beliefgrid.actions.change import changing
from beliefgrid.storage import studies

log = logging.getLogger(__name__)


def reconcile(c: Connection, *, now: datetime) -> int:
    """Repair studies whose number of observations is not what is stored; return how many.

    One transaction writes both, so there should be none; the posterior of a repaired study is
    computed anew.
    """
    wrong = studies.miscounted(c)
    for study_id in wrong:
        with changing(c, study_id, now, deleted=True) as study:
            counted = studies.count_observations(c, study_id)
            log.error(
                "study %s counted %d observations and has %d; repaired",
                study_id, study.row.observations, counted,
            )  # fmt: skip
            seq = study.event("reconciled", before=study.row.observations, observations=counted)
            study.set(observations=counted)
            study.believe_anew(seq)
    return len(wrong)
