"""What a transaction carries: rows that it writes at its end, and what it changed.

Asks and tells that share a transaction put off what they write: the study's row is read once and
written once, however many changes it saw, and rows of one kind go into one statement. Nobody
notices: a statement that might read what waits has it written first. SQLAlchemy's own executions
always do so (`watch`), and so do prepared statements, unless they say that they read nothing that
may wait, or ask only for it to be written if it is about certain things (`settle`).
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event

from beliefgrid.storage.errors import OverlapError
from beliefgrid.storage.notices import Touched

if TYPE_CHECKING:
    from beliefgrid.storage.prepared import Prepared
    from beliefgrid.storage.rows import AnyRow

Values = Mapping[str, Any]
Write = Callable[[Connection, str, Values], None]
_KEY = "beliefgrid_transaction"


class Transaction:
    """One transaction, from its first statement until its COMMIT."""

    def __init__(self) -> None:
        self.touched: Touched = {}
        self.kinds: list[str] = []  # of the events that it stores
        self.puts_off = False
        self.n_written = 0  # statements that changed something
        self._waiting: dict[Prepared, list[Values]] = {}
        self._about: set[Hashable] = set()
        # Locked rows as they will be, what of them changed, and who writes that.
        self._studies: dict[str, tuple[AnyRow, Values, Write]] = {}

    # ---------------------------------------------------------------- rows that wait
    def put_off(self, statement: "Prepared", values: Values, *about: Hashable) -> None:
        """Run a statement later that must change exactly one row, and say what it is about."""
        self._waiting.setdefault(statement, []).append(values)
        self._about.update(about)

    def is_about(self, names: tuple[Hashable, ...]) -> bool:
        """Say whether something waits to be written about any of these."""
        return not self._about.isdisjoint(names)

    def hold(self, study_id: str, row: "AnyRow", write: Write) -> None:
        """Keep the row of a study that is locked, for the changes that come next."""
        self._studies[study_id] = row, {}, write

    def held(self, study_id: str) -> "AnyRow | None":
        """Return the row of a locked study as it will be."""
        found = self._studies.get(study_id)
        return None if found is None else found[0]

    def change_held(self, study_id: str, values: Values) -> None:
        """Change the row of a locked study, later."""
        row, before, write = self._studies[study_id]
        changed = row._replace(**{name: values[name] for name in values if hasattr(row, name)})
        self._studies[study_id] = changed, {**before, **values}, write

    def flush(self, c: Connection) -> None:
        """Write what waits, and forget the rows of studies: they may be changed directly now.

        Raises:
            OverlapError: a row was not there to be changed, or was there already.
        """
        waiting, studies = self._waiting, self._studies
        if not waiting and not studies:
            return
        self._waiting, self._studies, self._about = {}, {}, set()
        self.n_written += 1
        for statement, rows in waiting.items():
            if statement.run_many(c, rows) != len(rows):
                raise OverlapError
        for study_id, (_, values, write) in studies.items():
            if values:
                write(c, study_id, values)

    # ---------------------------------------------------------------- changes that fail
    def mark(self) -> tuple[Any, ...]:
        """Return where the transaction is, to go back there."""
        lengths = {statement: len(rows) for statement, rows in self._waiting.items()}
        return self.n_written, lengths, dict(self._studies), len(self.kinds)

    def go_back(self, mark: tuple[Any, ...]) -> bool:
        """Drop what was put off since; False if something was written, which that cannot undo."""
        n_written, lengths, studies, n_kinds = mark
        if n_written != self.n_written:
            return False
        self._waiting = {s: self._waiting[s][:length] for s, length in lengths.items()}
        self._studies = studies
        del self.kinds[n_kinds:]
        return True


@contextmanager
def carried(c: Connection) -> Iterator[Transaction]:
    """Let what happens on a connection be carried by a new transaction, until the block ends."""
    info = c.info  # a session that is lost has none
    found = info[_KEY] = Transaction()
    try:
        yield found
    finally:
        info.pop(_KEY, None)


def of(c: Connection) -> Transaction | None:
    """Return the transaction of a connection, if there is one that is carried."""
    found: Transaction | None = c.info.get(_KEY)
    return found


def putting_off(c: Connection) -> Transaction | None:
    """Return the transaction of a connection if it puts off what it writes."""
    found = of(c)
    return found if found is not None and found.puts_off else None


def settle(c: Connection, *about: Hashable) -> bool:
    """Write what waits if it is about any of these; True if it was."""
    found = of(c)
    if found is None or not found.is_about(about):
        return False
    found.flush(c)
    return True


def watch(engine: Engine) -> None:
    """Have what waits written before SQLAlchemy executes anything."""

    @event.listens_for(engine, "before_cursor_execute")
    def before(c: Connection, *_: Any) -> None:
        found = of(c)
        if found is not None:
            found.flush(c)
            found.n_written += 1  # it may have


def touch(c: Connection, study_id: str, *, is_behind: bool = False) -> None:
    """Note that this transaction changes a study, for those who are told after the commit."""
    found = of(c)
    if found is not None:
        found.touched[study_id] = is_behind or found.touched.get(study_id, False)


def note_events(c: Connection, kinds: list[str]) -> None:
    """Note the kinds of events that this transaction stores, for those who count commits."""
    found = of(c)
    if found is not None:
        found.kinds.extend(kinds)
