"""A person does the same with many trials at once, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions.errors import ActionError, LimitError
from beliefgrid.actions.release import release, stop
from beliefgrid.actions.tell import fail

MOST = 1000
VERBS: dict[str, Callable[..., Any]] = {"stop": stop, "release": release, "fail": fail}


@dataclass(frozen=True, slots=True)
class Many:
    """How many trials were changed, and why the others were not, by number."""

    changed: int
    refused: dict[int, str]


def do_with_trials(
    c: Connection,
    study_id: str,
    numbers: Sequence[int],
    *,
    verb: str,
    reason: str = "",
    actor: str | None = None,
    now: datetime,
) -> Many:
    """Stop, release or fail trials; those that are past it stay as they are.

    Raises:
        LimitError: they are too many for one request.
    """
    if len(numbers) > MOST:
        raise LimitError(f"expected at most {MOST:,} trials, got {len(numbers):,}")
    said = {"kind": "failed", "reason": reason} if verb == "fail" else {}
    refused: dict[int, str] = {}
    for number in dict.fromkeys(numbers):
        try:
            VERBS[verb](c, study_id, number, actor=actor, now=now, **said)
        except ActionError as refusal:
            refused[number] = str(refusal)
    return Many(len(set(numbers)) - len(refused), refused)
