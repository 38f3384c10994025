"""Posterior over prior: how many times likelier the results made each cell, in bits."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from beliefgrid.actions.service import Service
from beliefgrid.actions.views import PosteriorView
from beliefgrid.dashboard.layers import RATIO

Row = Sequence[float | None]


async def layer_of(
    service: Service, study_id: str, *, layer: str, fixed: Mapping[str, Any], **picture: Any
) -> PosteriorView:
    """Return one layer as a matrix: the service's own, or the ratio of two of them."""
    given = picture | {"fixed": dict(fixed)}
    if layer != RATIO:
        return await service.beliefs.posterior(study_id, layer=layer, **given)
    after = await service.beliefs.posterior(study_id, layer="p_best", **given)
    before = await service.beliefs.posterior(study_id, layer="prior", **given | {"at": after.seq})
    rows = zip(after.z, before.z, strict=True)
    return replace(after, layer=RATIO, unit="bits", z=[_bits(a, b) for a, b in rows])


def _bits(after: Row, before: Row) -> list[float | None]:
    """Return log2 of the ratios; nothing where a cell has no share of one of them."""
    return [math.log2(a / b) if a and b else None for a, b in zip(after, before, strict=True)]
