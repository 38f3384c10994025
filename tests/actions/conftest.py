"""Studies to act on: actions run one transaction at a time, with a clock that tests move."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from beliefgrid.actions import create, read
from beliefgrid.actions import update as updates
from beliefgrid.actions.ask import ask
from beliefgrid.actions.compute import compute_update
from beliefgrid.actions.leases import LeaseRules
from beliefgrid.actions.views import Asked, StudyView, TrialView
from beliefgrid.storage.engine import Database, open_database
from tests.support.clock import Clock

T = TypeVar("T")
RULES = LeaseRules(seconds=60, hard_deadline_seconds=600)
PARAMETERS = [
    {"name": "rate", "kind": "ordered", "values": [0.001, 0.01, 0.1], "scale": "log"},
    {"name": "size", "kind": "ordered", "values": [8, 16, 32], "scale": "linear"},
]


class Acting:
    """A database, and the verbs on it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock = database, clock

    def do(self, action: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run an action in a transaction of its own."""
        now = self.clock()
        return self.database.write(lambda c: action(c, *args, now=now, **kwargs)).result()

    def look(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a query."""
        return self.database.read(lambda c: query(c, *args, **kwargs)).result()

    def create(self, **definition: Any) -> str:
        """Create a study of nine cells; return its id."""
        full = {"parameters": PARAMETERS, "metrics": [{"name": "loss", "goal": "minimize"}]}
        return self.do(create.create_study, definition=full | definition, name="a study").id

    def ask(self, study: str, worker: str | None = "w", count: int = 1, **said: Any) -> Asked:
        """Ask for trials."""
        options: dict[str, Any] = {"lease_seconds": None, "rules": RULES} | said
        return self.do(ask, study, worker=worker, count=count, **options)

    def lease(self, study: str, worker: str | None = "w", **said: Any) -> TrialView:
        """Ask for one trial."""
        return self.ask(study, worker, **said).trials[0]

    def update(self, study: str) -> bool:
        """Bring the posterior up to date; False if it was."""
        task = self.look(updates.task, study)
        if task is None:
            return False
        return self.publish(task)

    def publish(self, task: updates.Task) -> bool:
        """Compute an update that was due at some moment, and publish it now."""
        return self.do(
            updates.publish, task, compute_update(task.recipe, task.previous, task.n_queue)
        )

    def trial(self, study: str, number: int) -> TrialView:
        """Return a trial as it is now."""
        return self.look(read.trial, study, number)

    def study(self, study: str) -> StudyView:
        """Return a study as it is now."""
        return self.look(read.study, study)


@pytest.fixture
def acting(database_url: str, clock: Clock) -> Iterator[Acting]:
    """The verbs on a fresh database of each kind."""
    database = open_database(database_url)
    yield Acting(database, clock)
    database.close()


@pytest.fixture
def study(acting: Acting) -> str:
    """A study of nine cells with its first snapshot."""
    created = acting.create()
    acting.update(created)
    return created
