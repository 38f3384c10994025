"""How a command ends: what a user can put right is one sentence and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

# What a script can tell from the exit code.
FAILED, USAGE, SETTINGS, IN_USE, SCHEMA, NO_DATABASE, PORT_TAKEN, NO_TOKEN = 1, 2, 3, 4, 5, 6, 7, 8


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a user can put right into a sentence and an exit code."""
    from beliefgrid.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        stop(SETTINGS, str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        stop(code, str(error))


def exit_code(error: Exception) -> int | None:
    """Return the exit code for an error that a user can put right."""
    from beliefgrid.actions.errors import ActionError
    from beliefgrid.search import SearchError
    from beliefgrid.storage import errors

    codes: list[tuple[type[Exception], int]] = [
        (errors.DatabaseInUseError, IN_USE),
        (errors.SchemaError, SCHEMA),
        (errors.StorageError, NO_DATABASE),
        (ActionError, FAILED),
        (SearchError, FAILED),
        (OSError, FAILED),
    ]
    return next((code for kind, code in codes if isinstance(error, kind)), None)


def stop(code: int, message: str) -> NoReturn:
    """Say what is wrong and end."""
    typer.secho(f"beliefgrid: {message}", err=True, fg=typer.colors.RED)
    sys.exit(code)


@contextmanager
def told_of_start() -> Iterator[None]:
    """Turn what keeps a server from starting into a sentence and an exit code."""
    from beliefgrid.serving import PortTakenError, StartFailedError

    try:
        yield
    except PortTakenError as error:
        stop(PORT_TAKEN, str(error))
    except StartFailedError as error:
        if error.__cause__ is not None and isinstance(error.__cause__, Exception):
            stop(exit_code(error.__cause__) or NO_TOKEN, str(error))
        stop(FAILED, str(error))
