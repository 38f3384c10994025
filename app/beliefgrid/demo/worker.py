"""One worker of the demo: asks, trains and tells over HTTP until the studies are over.

Started as `python -m beliefgrid.demo.worker`; says what it did as one JSON object a line.
SIGTERM lets it finish its trial, SIGUSR1 makes it give the trial back. They are two, because a
signal that comes twice before it is handled counts once.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from beliefgrid.demo.command import Command, Outcome
from beliefgrid_client import BeliefgridError, Client, Retry, Trial, TrialRecord

PARENT_CHECK_S = 1.0
# A service that is away for longer has ended with its demo; results wait in the spool.
PATIENCE = Retry(patience_s=60.0, result_patience_s=60.0)


def main(words: list[str] | None = None) -> int:
    """Work on the studies in the order they are named."""
    given = _arguments().parse_args(words)
    leaving = threading.Event()
    work = Interruptible(leaving)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the demo says when to leave
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    signal.signal(signal.SIGUSR1, lambda *_: work.give_back())
    threading.Thread(target=_leave_with, args=(os.getppid(), leaving), daemon=True).start()
    logging.basicConfig(stream=sys.stderr, format=f"{given.name}: %(message)s")
    logging.getLogger("beliefgrid_client").setLevel(logging.ERROR)  # failures are said below
    work.train = Command(given.command, given.passing) if given.command else _autoencoder()
    client = Client(given.url, spool=given.spool, retry=PATIENCE)
    try:
        for name in given.study:
            study = client.study(name)
            study.run(
                work,
                worker=given.name,
                pass_trial=True,
                stop=leaving,
                on_result=_say(study.id),
            )
    except BeliefgridError as error:
        sys.stderr.write(f"{given.name}: {error}\n")
        return 1
    return 0


class Interruptible:
    """What a trial is trained with; it can be made to give back the trial at hand."""

    def __init__(self, leaving: threading.Event) -> None:
        self.train: Callable[[Trial], Outcome] = train
        self._leaving = leaving
        self._is_training = self._is_hurried = False

    def __call__(self, trial: Trial) -> Outcome:
        """Train, unless there is no time left."""
        self._is_training = True
        try:
            if self._is_hurried:
                raise SystemExit(0)  # the trial is given back on the way out
            return self.train(trial)
        finally:
            self._is_training = False

    def give_back(self) -> None:
        """Leave at once, but not between an ask and its answer: a trial would stay leased."""
        self._is_hurried = True
        self._leaving.set()
        if self._is_training:
            raise SystemExit(0)


def train(trial: Trial) -> Outcome:
    """Train the autoencoder of one trial."""
    from beliefgrid.demo.autoencoder import reconstruction_mse

    return reconstruction_mse(**trial.assignments)  # type: ignore[arg-type]  # the demo's own axes


def _autoencoder() -> Callable[[Trial], Outcome]:
    from beliefgrid.demo.autoencoder import warm_up

    warm_up()
    return train


def _say(study_id: str) -> Callable[[Trial, TrialRecord], None]:
    def say(trial: Trial, record: TrialRecord) -> None:
        said: dict[str, Any] = {
            "study": study_id,
            "number": record.number,
            "assignments": trial.assignments,
            "state": record.state,
            "value": record.value,
            "reason": record.reason,
            "worker": record.worker,
            "duration": record.duration,
        }
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    return say


def _leave_with(parent: int, leaving: threading.Event) -> None:
    """Leave when the demo is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_S)
    leaving.set()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m beliefgrid.demo.worker")
    parser.add_argument("--url", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--study", action="append", required=True)
    parser.add_argument("--spool", required=True)
    parser.add_argument("--command")
    parser.add_argument("--passing", choices=["arguments", "stdin"], default="arguments")
    return parser


if __name__ == "__main__":
    sys.exit(main())
