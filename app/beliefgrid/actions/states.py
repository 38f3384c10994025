"""The lives of trials and studies: which state may follow which."""

TRIAL_MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"active", "completed", "infeasible", "failed", "cancelled"}),
    "active": frozenset(
        {"completed", "failed", "infeasible", "stopped", "expired", "cancelled", "queued"}
    ),
    # A late result is still data; so is a late word that the combination cannot work.
    "expired": frozenset({"completed", "failed", "infeasible"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "infeasible": frozenset(),
    "stopped": frozenset(),
    "cancelled": frozenset(),
}
TRIAL_STATES = tuple(TRIAL_MOVES)

STUDY_MOVES: dict[str, frozenset[str]] = {
    "active": frozenset({"paused", "converged", "exhausted", "archived"}),
    "paused": frozenset({"active", "exhausted", "archived"}),
    "converged": frozenset({"active", "exhausted", "archived"}),
    "exhausted": frozenset({"active", "archived"}),
    "archived": frozenset({"active"}),
}
STUDY_STATES = tuple(STUDY_MOVES)


def sources_of(state: str) -> tuple[str, ...]:
    """Return the states that a trial may come from to reach one."""
    return tuple(source for source, targets in TRIAL_MOVES.items() if state in targets)
