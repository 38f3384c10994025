"""A first paint's picture has the colours that the charts have, cell for cell."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from beliefgrid.dashboard import palettes
from beliefgrid.dashboard.layers import LAYERS

JS = Path(__file__).parents[2] / "static" / "js"


def _picture(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))))


def test_the_first_row_is_at_the_bottom() -> None:
    """A matrix counts rows upwards, a picture downwards."""
    shades = np.array([[0, 63], [63, 0], [0, 0]], np.uint8)

    picture = _picture(palettes.png_uri(shades, "cividis")).convert("RGBA")

    assert picture.size == (2, 3)
    assert picture.getpixel((1, 2)) == (0xFE, 0xE8, 0x38, 255)
    assert picture.getpixel((0, 2)) == (0x00, 0x22, 0x4E, 255)
    assert picture.getpixel((0, 1)) == (0xFE, 0xE8, 0x38, 255)


def test_a_cell_without_a_value_is_transparent() -> None:
    """Nothing is not the darkest colour."""
    shades = palettes.shades_of(np.array([[np.nan, 0.0, 1.0]]))

    picture = _picture(palettes.png_uri(shades, "mako")).convert("RGBA")

    assert shades.tolist() == [[palettes.EMPTY, 0, 63]]
    assert [picture.getpixel((i, 0))[3] for i in range(3)] == [0, 255, 255]  # type: ignore[index]


def test_a_picture_of_a_large_map_is_small() -> None:
    """50 by 50 cells of noise, the worst case, stay under 4 kB; a smooth map under 2 kB."""
    noise = np.random.default_rng(0).random((50, 50))
    smooth = np.add.outer(np.linspace(0, 0.5, 50), np.linspace(0, 0.5, 50))

    assert len(palettes.png_uri(palettes.shades_of(noise), "cividis")) < 4000
    assert len(palettes.png_uri(palettes.shades_of(smooth), "cividis")) < 2000


def test_palettes_are_those_of_the_charts() -> None:
    """The first paint and Plotly use the same stops."""
    script = (JS / "palettes.js").read_text()
    found = {
        name: " ".join(re.findall(r"#([0-9a-f]{6})", stops))
        for name, stops in re.findall(r"(\w+): \[(.*?)\]", script)
    }

    assert found == palettes.STOPS | palettes.DIVERGING


def test_layers_are_those_of_the_charts() -> None:
    """Titles, palettes and reductions agree between Python and JavaScript."""
    script = (JS / "layers.js").read_text()
    found = re.findall(
        r'(\w+): \{ title: "(.*?)", palette: "(\w+)",(.*?) reduce: "(\w+)" \}', script
    )

    assert {name: (title, palette, reduce) for name, title, palette, _, reduce in found} == {
        layer.name: (layer.title, layer.palette, layer.reduce) for layer in LAYERS.values()
    }
    assert {name for name, *_, flags, _ in found if "isProbability" in flags} == {
        layer.name for layer in LAYERS.values() if layer.is_probability
    }


def test_palettes_grow_lighter_all_the_way() -> None:
    """More is always lighter, which a colour-blind reader sees too."""
    for name in palettes.STOPS:
        colours = np.frombuffer(palettes.ramp(name), np.uint8).reshape(-1, 3)[: palettes.SHADES]
        light = colours @ np.array([0.2126, 0.7152, 0.0722])
        assert (np.diff(light) > -0.5).all(), json.dumps(light.tolist())
