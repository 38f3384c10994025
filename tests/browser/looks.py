"""Pictures of figures as they should look: small, without words, compared with some tolerance."""

import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

STORED = Path(__file__).parent / "pictures"
RENEW = "BELIEFGRID_RENEW_PICTURES"  # set it to store what is drawn, and look at it
SIZE = (240, 160)
CLEARLY = 40  # of 255: edges that fell half a pixel beside differ less
MOST_SHARE = 0.01
MOST_MEAN = 3.0

Pixels = NDArray[np.int16]


def seen(page: Page, figure: Locator) -> Image.Image:
    """Return what is drawn in the box of an element, in a standard size."""
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    assert box is not None
    shot = Image.open(io.BytesIO(page.screenshot(clip=box, animations="disabled")))
    return shot.convert("RGB").resize(SIZE, Image.Resampling.BOX)


def differences(shown: Image.Image, stored: Image.Image) -> tuple[float, float]:
    """Return the share of pixels that differ clearly, and how much all do on average."""
    apart = np.abs(_pixels(shown) - _pixels(stored))
    return float((apart.max(axis=2) > CLEARLY).mean()), float(apart.mean())


def is_alike(shown: Image.Image, stored: Image.Image) -> bool:
    """Say whether two pictures show the same."""
    share, mean = differences(shown, stored)
    return share <= MOST_SHARE and mean <= MOST_MEAN


def stored_picture(name: str, shown: Image.Image) -> Image.Image:
    """Return the picture of a name; where it is to be renewed, what is shown becomes it."""
    path = STORED / f"{name}.png"
    if os.environ.get(RENEW):
        shown.save(path, optimize=True)
    return Image.open(path).convert("RGB")


def _pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), dtype=np.int16)
