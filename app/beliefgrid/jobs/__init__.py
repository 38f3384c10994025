"""What runs beside the requests: each job calls one action at a time, for as long as we live."""

from beliefgrid.jobs.outbox import delivering
from beliefgrid.jobs.sweeper import sweeping
from beliefgrid.jobs.updater import updating

__all__ = ["delivering", "sweeping", "updating"]
