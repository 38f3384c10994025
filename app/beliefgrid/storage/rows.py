"""How rows are read: one page at a time, with a cursor that survives inserts."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Row

T = TypeVar("T")
if TYPE_CHECKING:
    AnyRow = Row[*tuple[Any, ...]]  # SQLAlchemy 2.1; at run time any release will do
else:
    AnyRow = Row


class CursorError(ValueError):
    """The cursor is not one that a list of ours gave out."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and where the next part begins (None: this was the last)."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(position: Sequence[object]) -> str:
    """Return a position in a list as text that clients pass back unread."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, kinds: tuple[type | tuple[type, ...], ...]) -> Any:
    """Return the position that a cursor holds; None for the start of the list."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorError(WRONG_CURSOR) from error
    if not isinstance(position, list) or len(position) != len(kinds):
        raise CursorError(WRONG_CURSOR)
    for part, kind in zip(position, kinds, strict=True):
        if not isinstance(part, kind) or isinstance(part, bool):
            raise CursorError(WRONG_CURSOR)
        if isinstance(part, int) and abs(part) > 2**62:
            raise CursorError(WRONG_CURSOR)
    return position


WRONG_CURSOR = (
    "expected the `next_cursor` of the page before, with the same sort; leave `cursor` out to "
    "start at the first page"
)


def page_of(
    rows: Sequence[AnyRow], limit: int, position: Callable[[AnyRow], Sequence[object]]
) -> Page[AnyRow]:
    """Cut a result of up to limit + 1 rows into a page and the cursor of the next."""
    kept = list(rows[:limit])
    more = len(rows) > limit
    return Page(kept, encode_cursor(position(kept[-1])) if more else None)
