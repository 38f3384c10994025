"""Colour scales and tiny pictures: a heatmap as a PNG of one pixel a cell, 1-2 kB.

The stops are those of `static/js/palettes.js`; a test compares them.
"""

import struct
import zlib
from base64 import b64encode
from functools import cache

import numpy as np
from numpy.typing import NDArray

STOPS = {
    "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "rocket": "221331 451c47 6a1f56 921c5b b91657 d92847 ed513e f47c56 f6a77f f6d2b5",
    "mako": "1e1525 35264c 40498e 37659e 348fa7 40b7ad 79d6ae c2ebd1",
}
# Around a middle: what fell is blue, what stayed light, what rose red.
DIVERGING = {"change": "2166ac 67a9cf d1e5f0 f2f2f2 fddbc7 ef8a62 b2182b"}
SHADES = 64  # a palette of 64 colours is 192 bytes; no eye tells it from 256
EMPTY = SHADES  # the transparent entry: a cell without a value


def png_uri(shades: NDArray[np.uint8], palette: str) -> str:
    """Return a matrix of shades, its first row at the bottom, as an address of a picture.

    Args:
        shades: shape (ny, nx), 0 to 63, or 64 for nothing.
        palette: one of STOPS.
    """
    return "data:image/png;base64," + b64encode(_png(shades[::-1], palette)).decode()


def shades_of(unit: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return values between 0 and 1 as shades; NaN is nothing."""
    scaled = np.rint(np.clip(np.nan_to_num(unit), 0, 1) * (SHADES - 1)).astype(np.uint8)
    return np.where(np.isnan(unit), EMPTY, scaled).astype(np.uint8)


def _png(shades: NDArray[np.uint8], palette: str) -> bytes:
    height, width = shades.shape
    filtered = np.zeros((height, width + 1), np.uint8)  # a leading 0: the row is not filtered
    filtered[:, 1:] = shades
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", ramp(palette)),
            _chunk(b"tRNS", b"\xff" * SHADES + b"\x00"),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def ramp(palette: str) -> bytes:
    """Return the colours of a palette, dark to bright, and one for nothing: three bytes each."""
    named = (STOPS | DIVERGING)[palette].split()
    stops = np.array([list(bytes.fromhex(stop)) for stop in named], float)
    places = np.linspace(0, len(stops) - 1, SHADES)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, k]) for k in range(3)]
    colours: bytes = np.rint(np.stack(channels, axis=1)).astype(np.uint8).tobytes()
    return colours + b"\0\0\0"
