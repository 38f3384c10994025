"""The database of a command: actions one after the other, without a server."""

from collections.abc import Callable
from typing import Any, TypeVar

from beliefgrid.actions import read
from beliefgrid.actions.clock import utc_now
from beliefgrid.storage import migrate
from beliefgrid.storage.engine import open_database

T = TypeVar("T")


class Offline:
    """A database whose tables are up to date.

    Raises:
        DatabaseInUseError: a server has this SQLite file open.
        SchemaError: the tables are not those of this release.
    """

    def __init__(self, url: str) -> None:
        self._database = open_database(url)
        try:
            if self._database.url.get_backend_name() == "sqlite":
                migrate.upgrade(url)
            migrate.check(self._database.engine)
        except BaseException:
            self._database.close()
            raise

    def read(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a query."""
        return self._database.read(lambda c: query(c, *args, **kwargs)).result()

    def write(self, action: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run an action."""
        now = utc_now()
        return self._database.write(lambda c: action(c, *args, now=now, **kwargs)).result()

    def study_id(self, study: str) -> str:
        """Return the id of a study that is given by id or by name."""
        if study.startswith("st_"):
            return study
        return self.read(read.study_id_of, study.removeprefix("name:"))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()
