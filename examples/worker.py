"""A whole worker with the client library: asks, tries, tells, until the study is over.

BELIEFGRID_URL=http://127.0.0.1:8000 python examples/worker.py st_...
"""

import sys

from beliefgrid_client import Client, Trial, TrialRecord


def train(x: float, y: float) -> float:
    """Stand in for your training run."""
    return (x - 2) ** 2 + y


def say(trial: Trial, record: TrialRecord) -> None:
    """Print a line for each result."""
    print(f"trial {trial.number}: {record.value:g}")


if __name__ == "__main__":
    summary = Client().study(sys.argv[1]).run(train, on_result=say)
    print(f"over: {summary.ended}")
