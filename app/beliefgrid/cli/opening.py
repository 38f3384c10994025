"""What commands open: the settings, a database, modules that take long to load."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from beliefgrid.settings import Settings

Database = Annotated[
    str | None,
    typer.Option("--database", "-d", help="The database; else BELIEFGRID_DATABASE_URL says it."),
]


def settings_with(**changes: Any) -> "Settings":
    """Return the settings of the environment, changed by what was given as options."""
    from beliefgrid.settings import Settings

    given = {name: value for name, value in changes.items() if value is not None}
    return replace(Settings.from_environment(), **given)


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage among them: it is a tenth of a start."""
    import gc

    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # modules stay; no later collection need go through them
        gc.enable()


@contextmanager
def opened(database: str | None) -> Iterator[Any]:
    """Open a database for one command."""
    from beliefgrid.offline import Offline

    work = Offline(settings_with(database_url=database).database_url)
    try:
        yield work
    finally:
        work.close()
