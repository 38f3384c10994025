"""How states look: a word, a shape and a colour, never a colour alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as a page shows it."""

    state: str
    text: str
    tone: str
    shape: str


_STUDY = {
    "active": ("active", "good", "●"),
    "paused": ("paused", "warn", "❚❚"),
    "converged": ("converged", "accent", "✓"),
    "exhausted": ("exhausted", "accent", "■"),
    "archived": ("archived", "quiet", "▽"),
}
_TRIAL = {
    "queued": ("queued", "quiet", "○"),
    "active": ("active", "accent", "◐"),
    "completed": ("completed", "good", "●"),
    "failed": ("failed", "bad", "▼"),
    "infeasible": ("infeasible", "bad", "✕"),
    "stopped": ("stopped", "warn", "■"),
    "expired": ("expired", "warn", "◇"),
    "cancelled": ("cancelled", "quiet", "\N{EN DASH}"),
}


def study_badge(state: str) -> Badge:
    """Return how a study's state looks."""
    return Badge(state, *_STUDY[state])


def trial_badge(state: str) -> Badge:
    """Return how a trial's state looks."""
    return Badge(state, *_TRIAL[state])
