"""GIFs: what is read back, by somebody else's reader, is what was written."""

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from beliefgrid.dashboard import gif
from beliefgrid.dashboard.palettes import ramp


@pytest.mark.parametrize(("shape", "n"), [((3, 3), 3), ((1, 7), 2), ((50, 50), 4), ((90, 120), 3)])
def test_every_pixel_of_every_frame_is_read_back(shape: tuple[int, int], n: int) -> None:
    """Noise is the worst case: it fills the table of codes several times over."""
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 64, shape).astype(np.uint8) for _ in range(n)]
    scale = gif.scale_of(shape, n)
    colours = np.frombuffer(ramp("viridis"), np.uint8).reshape(-1, 3)

    image = Image.open(io.BytesIO(gif.film(frames, "viridis", delays_cs=[5] * n)))
    seen = [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(image)]

    assert len(seen) == n
    for shades, pixels in zip(frames, seen, strict=True):
        large = np.kron(shades[::-1], np.ones((scale, scale), np.uint8))
        np.testing.assert_array_equal(pixels, colours[large])


def test_large_films_have_small_cells() -> None:
    """The work is bounded: cells shrink before it takes long."""
    assert gif.scale_of((3, 3), 3) == 160
    assert gif.scale_of((50, 50), 60) == 3
    assert gif.scale_of((316, 316), 60) == 1


def test_nothing_is_compressed_to_a_clear_and_an_end() -> None:
    """Two codes of eight bits."""
    assert gif.compress(b"") == bytes([0x80, 0x81])
