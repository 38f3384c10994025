"""Which picture of the posterior an address asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.datastructures import QueryParams

from beliefgrid.dashboard.layers import LAYERS, REDUCES, Reduce
from beliefgrid.dashboard.numbers import address_level, find_level

FIXED = "fix."
COLOURS = ("linear", "log")


@dataclass(frozen=True, slots=True)
class View:
    """A layer over two axes at a moment, and what becomes of the other axes."""

    layer: str
    x: str
    y: str | None
    reduce: Reduce
    at: int | None
    colour: str | None
    fixed: Mapping[str, str]

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the view as the query of an address, with some changes."""
        names = ("layer", "x", "y", "reduce", "at", "colour")
        shown = {name: getattr(self, name) for name in names}
        return shown | {FIXED + name: value for name, value in self.fixed.items()} | changes


def view_of(query: QueryParams, parameters: Sequence[Mapping[str, Any]]) -> View:
    """Return the view that an address asks for; what it leaves open or gets wrong is chosen."""
    names = [parameter["name"] for parameter in parameters]
    layer = _one_of(query.get("layer"), LAYERS, "p_best")
    x, y = _axes(query.get("x"), query.get("y"), names)
    reduces = [name for name, _ in REDUCES]
    at = query.get("at", "")
    return View(
        layer=layer,
        x=x,
        y=y,
        reduce=cast("Reduce", _one_of(query.get("reduce"), reduces, LAYERS[layer].reduce)),
        at=int(at) if at.isascii() and at.isdigit() and len(at) < 16 else None,  # noqa: PLR2004
        colour=_one_of(query.get("colour"), COLOURS, None),
        fixed=_fixed(query, parameters),
    )


def slice_at(
    view: View, parameters: Sequence[Mapping[str, Any]], centre: Mapping[str, Any]
) -> dict[str, str]:
    """Return the level that each axis out of sight is fixed at: as asked, or the centre's."""
    return {
        parameter["name"]: view.fixed.get(
            parameter["name"],
            address_level(centre.get(parameter["name"], parameter["values"][0])),
        )
        for parameter in parameters
        if parameter["name"] not in (view.x, view.y)
    }


def values_of(fixed: Mapping[str, str], parameters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return levels as the grid's own values, from their spelling in an address."""
    found = {}
    for parameter in parameters:
        at = find_level(parameter["values"], fixed.get(parameter["name"]))
        if at is not None:
            found[parameter["name"]] = parameter["values"][at]
    return found


def _axes(x: str | None, y: str | None, names: list[str]) -> tuple[str, str | None]:
    if len(names) == 1:
        return names[0], None
    found_y = y if y in names else None
    found_x = x if x in names else next(name for name in names if name != found_y)
    if found_y is None or found_y == found_x:
        found_y = next(name for name in names if name != found_x)
    return found_x, found_y


def _fixed(query: QueryParams, parameters: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found = {}
    for parameter in parameters:
        at = find_level(parameter["values"], query.get(FIXED + parameter["name"]))
        if at is not None:
            found[parameter["name"]] = address_level(parameter["values"][at])
    return found


def _one_of(given: str | None, allowed: Any, otherwise: Any) -> Any:
    return given if given in allowed else otherwise
