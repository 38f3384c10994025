"""Forms are checked by the same rules as the bodies of the REST API.

The API's models are handed in where the application is wired: siblings do not import each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fastapi import Request
from pydantic import ValidationError

from beliefgrid.dashboard.forms import FormError

T = TypeVar("T")


class NewStudy(Protocol):
    """A checked body of a new study."""

    name: str
    notes: str
    tags: list[str]

    def definition(self) -> dict[str, Any]:
        """Return what is searched, and how."""
        ...


class Changes(Protocol):
    """A checked body of a change."""

    def changes(self) -> dict[str, Any]:
        """Return what is to change."""
        ...


class Words(Protocol):
    """A checked body of what a person says of a trial."""

    notes: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Bodies:
    """How bodies are checked; each raises pydantic's ValidationError."""

    study: Callable[[Any], NewStudy]
    patch: Callable[[Any], Changes]
    trial: Callable[[Any], Words]


def bodies_of(request: Request) -> Bodies:
    """Return how this application checks bodies."""
    found: Bodies = request.app.state.bodies
    return found


def checked(check: Callable[[Any], T], body: Mapping[str, Any]) -> T:
    """Return a checked body.

    Raises:
        FormError: it is not as the API wants it; the message names the field.
    """
    try:
        return check(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        text = first["msg"][:1].lower() + first["msg"][1:]
        raise FormError(f"{where}: {text}." if where else f"{text}.") from error
