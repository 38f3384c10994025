"""The reliability diagram as an SVG: what was said across, what came up."""

from collections.abc import Mapping, Sequence

SIZE = 360
MARGIN = 44
# Both are told apart by shape too; they hold 3:1 against white and against dark grey.
STYLES = ("#2a78d6", "#c2571a")

FONT = 'font-family="sans-serif" font-size="12"'

Points = Sequence[tuple[float, float]]


def draw(series: Mapping[str, Points]) -> str:
    """Return a picture of points against the diagonal on which honest beliefs lie."""
    end = SIZE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {end} {end}" {FONT} role="img">',
        "<title>How often things happened, beside how likely they were said to be</title>",
        f'<rect width="{end}" height="{end}" fill="#fff"/>',
        _line((0, 0), (1, 1), "stroke-dasharray='4 4'"),
        *_axes(),
    ]
    for place, (name, points) in enumerate(series.items()):
        parts += [_mark(point, place) for point in points]
        parts += _legend(name, place)
    return "\n".join([*parts, "</svg>\n"])


def _axes() -> list[str]:
    parts = [_line((0, 0), (1, 0)), _line((0, 0), (0, 1))]
    for tenth in range(0, 11, 2):
        share = tenth / 10
        x, y = _at((share, share))
        low = SIZE + MARGIN
        parts.append(f'<text x="{x:.0f}" y="{low + 16}" text-anchor="middle">{share:.1f}</text>')
        parts.append(f'<text x="{MARGIN - 8}" y="{y + 4:.0f}" text-anchor="end">{share:.1f}</text>')
    middle = MARGIN + SIZE / 2
    parts.append(f'<text x="{middle}" y="{SIZE + MARGIN + 34}" text-anchor="middle">said</text>')
    parts.append(
        f'<text x="12" y="{middle}" text-anchor="middle" '
        f'transform="rotate(-90 12 {middle})">came true</text>'
    )
    return parts


def _legend(name: str, place: int) -> list[str]:
    top = 1 - 0.06 * (place + 1)
    x, y = _at((0.07, top))
    return [_mark((0.04, top), place), f'<text x="{x:.0f}" y="{y + 4:.0f}">{name}</text>']


def _mark(point: tuple[float, float], place: int) -> str:
    x, y = _at(point)
    colour = STYLES[place % len(STYLES)]
    if place % 2:
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'


def _line(start: tuple[float, float], end: tuple[float, float], more: str = "") -> str:
    (x1, y1), (x2, y2) = _at(start), _at(end)
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#777" {more}/>'


def _at(point: tuple[float, float]) -> tuple[float, float]:
    return MARGIN + SIZE * point[0], MARGIN + SIZE * (1 - point[1])
