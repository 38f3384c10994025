"""Snapshots are derived: compute those of a study again from its events."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from beliefgrid.actions import update as updates
from beliefgrid.actions.change import study_unknown
from beliefgrid.actions.compute import Update, compute_update
from beliefgrid.actions.views import Recipe
from beliefgrid.storage import events, snapshots, studies


def boundaries(c: Connection, study_id: str) -> list[tuple[Recipe, int, bool]]:
    """Return the recipe, revision and advice of every update of a study, in order."""
    row = studies.find(c, study_id)
    if row is None:
        raise study_unknown(study_id)
    return [
        (
            updates.recipe_at(
                c,
                row,
                event.data["snapshot"],
                pending=event.data["pending"],
                revision=event.data["revision"],
                theta=event.data["theta"],
            ),
            event.data["revision"],
            bool(event.data["should_stop"]),
        )
        for event in events.of_kind(c, study_id, "updated")
    ]


def recomputed(found: list[tuple[Recipe, int, bool]]) -> Iterator[tuple[Recipe, int, Update]]:
    """Compute every snapshot again, one at a time."""
    for recipe, revision, should_stop in found:
        update = compute_update(recipe, None)
        summary = update.summary | {"should_stop": should_stop}
        yield recipe, revision, replace(update, summary=summary)


def replace_snapshots(
    c: Connection, study_id: str, built: list[tuple[Recipe, int, Update]], *, now: datetime
) -> dict[str, Any]:
    """Store the recomputed snapshots in place of the old ones; say how many differed.

    The fields are compared byte by byte: on the same machine and versions none differs.
    """
    old = {row.seq: row.field for row in snapshots.fields(c, study_id, 0, 2**62)}
    snapshots.remove_all(c, study_id)
    for recipe, revision, update in built:
        updates.store(c, recipe, revision, update, now)
    new = {recipe.seq: update.field for recipe, _, update in built}
    return {
        "snapshots": len(new),
        "missing_before": len(set(new) - set(old)),
        "changed": sum(old[seq] != new[seq] for seq in set(old) & set(new)),
    }
