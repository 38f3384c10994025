"""Which cell pages call the leader."""

from collections.abc import Mapping, Sequence
from typing import Any


def leader_of(summary: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the cell that is most likely the best one, with its numbers.

    The summary's own `leader` is the incumbent: the best by predicted mean.
    """
    known = summary or {}
    ranked: Sequence[Mapping[str, Any]] = known.get("top") or ()
    return ranked[0] if ranked else known.get("leader")
