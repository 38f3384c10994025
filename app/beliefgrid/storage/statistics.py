"""What Postgres knows of the sizes of its tables, while they grow from nothing.

A session soon keeps the plan of a statement, by what is known then, until more is learned. By
itself Postgres looks once a minute. With empty tables all indexes seem alike, so for that minute
asks and tells would read all trials of their study, or all results, to find one of them.
"""

import logging
import threading

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from beliefgrid.storage.errors import StorageError

log = logging.getLogger(__name__)

FIRST_LOOK = 64  # changes; then after twice as many, and so on: Postgres itself looks by then
TABLES = ("studies", "trials", "observations", "candidates", "events")
_DOUBLED = text(
    "SELECT relname FROM pg_class WHERE oid = ANY (CAST(:names AS regclass[])) "
    "AND pg_relation_size(oid) > 2 * relpages * current_setting('block_size')::bigint "
    "ORDER BY relname"
)


class Statistics:
    """Has Postgres look at the tables that became twice as large as it knows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._changes, self._next_look = 0, FIRST_LOOK
        self._lock = threading.Lock()

    def is_due(self, changes: int) -> bool:
        """Count changes; True if it is time for a look."""
        with self._lock:
            self._changes += changes
            if self._changes < self._next_look:
                return False
            self._next_look = 2 * self._changes
            return True

    def look(self) -> None:
        """Look at the tables that have grown; nothing depends on it."""
        try:
            with self._engine.connect() as c:
                grown = list(c.execute(_DOUBLED, {"names": list(TABLES)}).scalars())
                if grown:
                    c.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}"))
        except (SQLAlchemyError, StorageError) as error:
            log.warning("Postgres plans by what it knew of its tables before: %s", error)
