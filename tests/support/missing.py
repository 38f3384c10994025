"""What this machine lacks for some tests: said at the end of the report, with what installs it."""

import os
from typing import NoReturn

import pytest

IS_CI = bool(os.environ.get("CI"))
MISSING: dict[str, str] = {}


def lacking(what: str, cure: str, *, may_lack: bool = False) -> NoReturn:
    """End a test that cannot run here: skipped loudly, or failed in CI unless `may_lack`."""
    MISSING[what] = cure
    if IS_CI and not may_lack:
        pytest.fail(f"without {what}: {cure}")
    pytest.skip(f"without {what}: {cure}")
