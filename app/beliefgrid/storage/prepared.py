"""Statements of the hot path: compiled once, run on the driver's own cursor.

SQLAlchemy writes the SQL, and converts values and rows by its own types; what is skipped is its
machinery per execution, which costs more than SQLite takes to run the statement.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from beliefgrid.storage import transaction

Convert = Callable[[Any], Any]


class Prepared:
    """One statement. Its rows have the columns as attributes, like SQLAlchemy's.

    An IN takes a list of `literal`s: a list of values is written out per execution only.
    """

    def __init__(
        self,
        statement: ClauseElement,
        columns: list[str] | None = None,
        *,
        reads_stored: bool = False,
    ) -> None:
        """Take a statement, and its columns if it inserts.

        One that reads only what is stored already does not have waiting rows written first.
        """
        self._statement, self._columns = statement, columns
        self._reads_stored = reads_stored
        self._changes = not isinstance(statement, Select)
        self._compiled: dict[str, _Compiled] = {}

    def first(self, c: Connection, values: Mapping[str, Any]) -> Any:
        """Run it; return the first row, or None."""
        rows = self.all(c, values)
        return rows[0] if rows else None

    def all(self, c: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it; return its rows."""
        compiled = self._for(c)
        cursor = compiled.execute(c, values)
        rows = compiled.fetched(c, cursor)
        cursor.close()
        return rows

    def run(self, c: Connection, values: Mapping[str, Any]) -> int:
        """Run it; return how many rows it changed."""
        cursor = self._for(c).execute(c, values)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def run_many(self, c: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run it for each of some values; return how many rows it changed."""
        if len(rows) == 1:
            return self.run(c, rows[0])
        cursor = self._for(c).execute_many(c, rows)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def _for(self, c: Connection) -> "_Compiled":
        carried = transaction.of(c)
        if carried is not None:
            if not self._reads_stored:
                carried.flush(c)
            carried.n_written += self._changes
        dialect = c.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _Compiled(
                self._statement, dialect, self._columns
            )
        return found


class _Compiled:
    """A statement as one kind of database takes it."""

    def __init__(
        self, statement: ClauseElement, dialect: Dialect, columns: list[str] | None
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - a statement, not a fragment
        self._sql = str(compiled)
        self._is_positional = compiled.positional
        binds = {name: bind.type for bind, name in compiled.bind_names.items()}
        known = compiled.params
        self._constants = {name: value for name, value in known.items() if value is not None}
        names = list(compiled.positiontup or ()) if compiled.positional else list(known)
        self._binds = [(name, _binding(binds[name], dialect)) for name in names]
        entries = compiled._result_columns  # noqa: SLF001 - the only place that has them
        self._kinds = [entry.type for entry in entries]
        self._results: list[Convert | None] | None = None  # known when there is a cursor
        self._new_row = _row_maker([entry.name for entry in entries])

    def execute(self, c: Connection, values: Mapping[str, Any]) -> Any:
        cursor = c.connection.cursor()
        bound = self._bound(values)
        try:
            cursor.execute(self._sql, bound)
        except c.dialect.loaded_dbapi.Error as error:
            raise _told_by_sqlalchemy(c, self._sql, error) from error
        return cursor

    def execute_many(self, c: Connection, rows: Sequence[Mapping[str, Any]]) -> Any:
        cursor = c.connection.cursor()
        bound = [self._bound(values) for values in rows]
        try:
            cursor.executemany(self._sql, bound)
        except c.dialect.loaded_dbapi.Error as error:
            raise _told_by_sqlalchemy(c, self._sql, error) from error
        return cursor

    def _bound(self, values: Mapping[str, Any]) -> Any:
        given = {**self._constants, **values} if self._constants else values
        if self._is_positional:
            return [given[n] if b is None else b(given[n]) for n, b in self._binds]
        return {n: given[n] if b is None else b(given[n]) for n, b in self._binds}

    def fetched(self, c: Connection, cursor: Any) -> list[Any]:
        """Return the rows of a cursor; SQLite still reads while it does."""
        if self._results is None:
            codes = [column[1] for column in cursor.description]
            pairs = zip(self._kinds, codes, strict=True)
            self._results = [_result(kind, c.dialect, code) for kind, code in pairs]
        try:
            rows = cursor.fetchall()
        except c.dialect.loaded_dbapi.Error as error:
            raise _told_by_sqlalchemy(c, self._sql, error) from error
        return [self._converted(row, self._results) for row in rows]

    def _converted(self, row: Any, results: list[Convert | None]) -> Any:
        pairs = zip(row, results, strict=True)
        return self._new_row([x if convert is None else convert(x) for x, convert in pairs])


def _row_maker(names: list[str]) -> Callable[[Any], Any]:
    row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - known at run time
    make: Callable[[Any], Any] = row._make  # noqa: SLF001 - public in all but name
    return make


def _binding(kind: Any, dialect: Dialect) -> Convert | None:
    found: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _result(kind: Any, dialect: Dialect, code: Any) -> Convert | None:
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, code)
    return found


def _told_by_sqlalchemy(c: Connection, sql: str, error: Exception) -> Exception:
    """Return the error that SQLAlchemy would have raised, and let go of a lost session."""
    module: Any = c.dialect.loaded_dbapi
    is_lost = c.dialect.is_disconnect(error, None, None)  # type: ignore[arg-type]
    told = DBAPIError.instance(sql, None, error, module.Error, connection_invalidated=is_lost)
    if is_lost:
        c.invalidate(error)
    return told
