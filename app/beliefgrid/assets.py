"""Where templates, static files and migrations are: in the wheel, or in the checkout.

A wheel carries them in `_assets` beside this file; a checkout has them at its top level. Found
by path and not by importlib.resources: an editable install may leave a stale copy in
site-packages, and that one would win.
"""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_IN_WHEEL = _HERE / "_assets"
_CHECKOUT = _HERE.parent.parent


class AssetsMissingError(RuntimeError):
    """The installation lacks a folder that it should have brought along."""


def templates_dir() -> Path:
    """Return the folder of the HTML templates."""
    return _directory("templates")


def static_dir() -> Path:
    """Return the folder of what a browser loads as it is."""
    return _directory("static")


def migrations_dir() -> Path:
    """Return the folder of the database migrations."""
    return _directory("migrations")


@cache
def _directory(name: str) -> Path:
    found = (_IN_WHEEL if _IN_WHEEL.is_dir() else _CHECKOUT) / name
    if not found.is_dir():
        raise AssetsMissingError(
            f"expected the folder {found}, and it is not there; install beliefgrid again, "
            "or run it from a complete checkout"
        )
    return found
