"""Animated GIFs of maps, without a library: a palette of 64 shades and LZW, as in GIF89a."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from beliefgrid.dashboard.palettes import SHADES, ramp

BITS = 7  # 64 shades and one for nothing
CLEAR, END = 1 << BITS, (1 << BITS) + 1
MOST_CODES = 4096
MOST_PIXELS = 1_500_000  # over all frames: about a second of work
WIDEST = 480
Shades = NDArray[np.uint8]


def film(frames: Sequence[Shades], palette: str, *, delays_cs: Sequence[int]) -> bytes:
    """Return frames of shades, their first rows at the bottom, as one picture that repeats.

    Args:
        frames: each of the shape (ny, nx), 0 to 63, or 64 for nothing.
        palette: one of STOPS.
        delays_cs: how long each is shown, in hundredths of a second.
    """
    scale = scale_of(frames[0].shape, len(frames))
    height, width = (scale * size for size in frames[0].shape)
    colours = ramp(palette).ljust(3 * (1 << BITS), b"\0")
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0 | (BITS - 1), SHADES, 0)
    forever = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    body = b"".join(
        _frame(np.kron(shades[::-1], np.ones((scale, scale), np.uint8)), delay)
        for shades, delay in zip(frames, delays_cs, strict=True)
    )
    return head + colours + forever + body + b"\x3b"


def scale_of(shape: tuple[int, ...], n_frames: int) -> int:
    """Return how many pixels a cell has on each side: whole, so that cells stay equal."""
    cells = int(np.prod(shape)) * n_frames
    return max(1, min(WIDEST // max(shape), int((MOST_PIXELS / cells) ** 0.5)))


def _frame(pixels: Shades, delay: int) -> bytes:
    height, width = pixels.shape
    control = b"\x21\xf9\x04" + struct.pack("<BHBB", 0x04, delay, 0, 0)
    place = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0)
    packed = compress(pixels.tobytes())
    blocks = [packed[i : i + 255] for i in range(0, len(packed), 255)]
    return control + place + bytes([BITS]) + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def compress(data: bytes) -> bytes:
    """Return bytes below 128 as LZW codes of growing length, as GIF packs them."""
    out, held, n_held = bytearray(), CLEAR, BITS + 1
    codes: dict[int, int] = {}
    size, following, prefix = BITS + 1, END + 1, -1
    for pixel in data:
        key = prefix << 8 | pixel
        if prefix < 0 or key in codes:
            prefix = pixel if prefix < 0 else codes[key]
            continue
        held |= prefix << n_held
        n_held += size
        codes[key] = following
        if following == 1 << size:
            size += 1
        following += 1
        prefix = pixel
        if following == MOST_CODES:
            held |= CLEAR << n_held
            n_held += size
            codes.clear()
            size, following = BITS + 1, END + 1
        while n_held >= 8:  # noqa: PLR2004 - bits of a byte
            out.append(held & 255)
            held >>= 8
            n_held -= 8
    for code in (prefix, END) if prefix >= 0 else (END,):
        held |= code << n_held
        n_held += size
        size += 1 if following == 1 << size else 0
    return bytes(out) + held.to_bytes(-(-n_held // 8), "little")
