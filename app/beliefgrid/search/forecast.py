"""How many more trials it probably takes until the leader is good enough.

Notation: S joint samples of the objective; the next k cells of the ranked list.
    r_k  regret that would be left in a sample after the next k cells were tested there:
         min(leader, first k cells) - lowest of all cells                          (11.4)
The forecast is the smallest k with P(r_k <= epsilon) as high as the study asks for. The list is
taken as it stands, so a search that learns on the way is rather faster than that.
Equations are numbered in docs/explanation/engine.md.
"""

import numpy as np

from beliefgrid.search.arrays import Floats

WATCHED = 64  # cells ahead


def trials_to_finish(
    at_leader: Floats, at_next: Floats, lowest: Floats, *, epsilon: float, probability: float
) -> int | None:
    """Return the forecast; None if it is more than the cells that are looked at.

    Args:
        at_leader: (S,) the objective in the leading cell.
        at_next: (S, k) in the next cells, in their order.
        lowest: (S,) in the best cell.
        epsilon: regret that does not matter, in the units of the samples.
        probability: that the regret is no larger.
    """
    reached = np.minimum.accumulate(np.column_stack([at_leader, at_next]), axis=1)
    enough = (reached - lowest[:, None] <= epsilon).mean(axis=0) >= probability  # (11.4)
    return int(enough.argmax()) if enough.any() else None
