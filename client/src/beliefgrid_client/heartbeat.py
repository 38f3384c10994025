"""One thread that keeps the leases of all open trials of a client."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from dataclasses import dataclass

from beliefgrid_client.errors import (
    BeliefgridError,
    ConflictError,
    NotAllowedError,
    UnknownError,
)
from beliefgrid_client.trial import Trial

BEATS_PER_LEASE = 3  # two may get lost before a lease runs out
log = logging.getLogger("beliefgrid_client")


@dataclass
class _Patient:
    trial: weakref.ref[Trial]  # a trial that nobody holds any more is left to expire
    every_s: float
    due: float


class Pulse:
    """Prolongs the leases of the trials given to it until they are removed.

    The thread starts with the first trial and ends with the last one.
    """

    def __init__(self, lease_seconds: int) -> None:
        self.every_s = lease_seconds / BEATS_PER_LEASE
        self._patients: dict[int, _Patient] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, trial: Trial) -> None:
        """Keep a trial's lease from now on."""
        with self._changed:
            due = time.monotonic() + self.every_s
            self._patients[id(trial)] = _Patient(weakref.ref(trial), self.every_s, due)
            if self._thread is None or not self._thread.is_alive():  # not alive: after a fork
                self._thread = threading.Thread(
                    target=self._beat, name="beliefgrid-heartbeat", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def remove(self, trial: Trial) -> None:
        """Leave a trial's lease alone."""
        with self._changed:
            self._patients.pop(id(trial), None)
            self._changed.notify()

    def _beat(self) -> None:
        while True:
            with self._changed:
                if not self._patients:
                    self._thread = None
                    return
                key, patient = min(self._patients.items(), key=lambda item: item[1].due)
                pause = patient.due - time.monotonic()
                if pause > 0:
                    self._changed.wait(pause)
                    continue
                patient.due = time.monotonic() + patient.every_s
            if not _keep(patient):
                with self._changed:
                    self._patients.pop(key, None)


def _keep(patient: _Patient) -> bool:
    """Prolong one lease; return whether it is worth prolonging again."""
    trial = patient.trial()
    if trial is None or not trial.is_open:
        return False
    try:
        trial.heartbeat()
    except (ConflictError, UnknownError) as refusal:
        # The result may still count: finish it and tell it.
        log.info("trial %d: its lease is not kept: %s", trial.number, refusal)
        trial.should_stop = refusal.code != "lease_expired"
        return False
    except NotAllowedError as refusal:
        log.warning("trial %d: no heartbeat: %s", trial.number, refusal)
        return False
    except BeliefgridError as trouble:
        log.info("trial %d: a heartbeat got lost: %s", trial.number, trouble)
    return True
